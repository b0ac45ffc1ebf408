/**
 * Every hostile actor by the name plans give it. Options that nobody names are drawn from the actor's own luck.
 */
import { churner } from './churner.ts';
import { falseBitfield } from './false-bitfield.ts';
import { flooder } from './flooder.ts';
import { freeRider } from './free-rider.ts';
import { liar } from './liar.ts';
import { metadataLiar } from './metadata-liar.ts';
import { poisoner } from './poisoner.ts';
import { Puppet, type Script } from './puppet.ts';
import { selfConnector } from './self-connector.ts';
import { slowLoris } from './slow-loris.ts';
import type { Actor, Stage } from './stage.ts';

export const cast = {
  poisoner,
  liar,
  'slow-loris': slowLoris,
  flooder,
  'metadata-liar': metadataLiar,
  'false-bitfield': falseBitfield,
  'self-connector': selfConnector,
  churner,
  'free-rider': freeRider,
} as const satisfies Record<string, (options?: never) => Script>;

export type ActorRole = keyof typeof cast;

/** The facts of the stage's network and announcer go to `hear` of what this answers. */
export function enter(stage: Stage, role: ActorRole): Actor {
  return new Puppet(stage, cast[role]());
}
