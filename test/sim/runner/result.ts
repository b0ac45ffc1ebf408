/**
 * What a run comes to, as data: the same for the same plan and the same code, on every machine.
 */
import type { PeerResult } from './peer-results.ts';

/** The rule that was broken, and what led to it. */
export interface Failure {
  /** The checker's name (test/sim/checkers), or `stuck`, `threw`. */
  readonly checker: string;
  readonly message: string;
  readonly atMs: number;
  /** Whose engine was at work, when it was one's. */
  readonly peer: string | undefined;
  /** Oldest first. Empty unless the run was asked to remember. */
  readonly lastEvents: readonly string[];
}

/** Not of the storage, nor of a part of the engine alone, nor of a session: no plan of a swarm tells of them. */
export function isOfSwarm({ checker }: Failure): boolean {
  return !/^(storage|part|session):/.test(checker);
}

export interface RunResult {
  readonly seed: number;
  /** Of everything that happened, in its order. */
  readonly traceHash: string;
  readonly virtualSeconds: number;
  readonly events: number;
  /** Honest peers that had all of it before the end. */
  readonly completed: number;
  /** Honest peers that could have had all of it and had not; at least one when a rule was broken. */
  readonly failed: number;
  readonly failure: Failure | undefined;
  /** Of each honest peer that had joined, in the order of the plan. */
  readonly peers: readonly PeerResult[];
}
