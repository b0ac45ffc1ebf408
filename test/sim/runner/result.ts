/** The result of a run, as data: the same for the same plan and code on every machine. */
import type { PeerResult } from './peer-results.ts';

/** The broken rule and what led to it. */
export interface Failure {
  /** The name of the checker (test/sim/checkers), `stuck`, `late`, `no-meeting` or `threw`. */
  readonly checker: string;
  readonly message: string;
  readonly atMs: number;
  /** The peer whose engine broke the rule, if it was one. */
  readonly peer: string | undefined;
  /** Oldest first. Empty unless the run was asked to record events. */
  readonly lastEvents: readonly string[];
}

/**
 * False for failures of the storage, of a part of the engine alone or of a session: a swarm plan cannot
 * repeat them.
 */
export function isOfSwarm({ checker }: Failure): boolean {
  return !/^(storage|part|session):/.test(checker);
}

export interface RunResult {
  readonly seed: number;
  /** The hash of all events in their order. */
  readonly traceHash: string;
  readonly virtualSeconds: number;
  readonly events: number;
  /** Honest peers that were complete before the end. */
  readonly completed: number;
  /** Honest peers that could have completed and did not; at least one when a rule was broken. */
  readonly failed: number;
  readonly failure: Failure | undefined;
  /** One for each honest peer that had joined, in the order of the plan. */
  readonly peers: readonly PeerResult[];
}
