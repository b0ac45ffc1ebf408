/** The parts that decide together about listed peers; see swarm-access.ts. */
import type { Admission } from '../admission.ts';
import type { Presence } from '../presence.ts';
import type { Registry } from '../registry.ts';

/** `nowMs` never goes back; bans use `wallMs`, milliseconds since 1970. */
export interface Moment {
  readonly nowMs: number;
  readonly wallMs: number;
}

export interface ListedSwarms {
  readonly registry: Registry;
  readonly admission: Admission;
  readonly presence: Presence;
  /** Called when the swarms of this release have changed. */
  readonly onChanged: (releaseId: string) => void;
}

export function isSameSwarm(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || Buffer.compare(one, other) === 0;
}
