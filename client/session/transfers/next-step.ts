/**
 * Chooses a transfer's next step from its situation and the user's wishes. Pure. The transfer asks again
 * after every step, so wishes may come in any order and at any time.
 *
 * Invariant: files are moved, deleted or rechecked only while the torrent does not run.
 */

/**
 * `finding`: fetching the metadata of a magnet link. `queued`: waiting for the queue. `checking`: examining
 * the files on disk. `fetching`: something wanted is missing. `sharing`: nothing is missing. `failed`: see
 * `error`; resume() tries again.
 */
export type TransferState =
  | 'finding'
  | 'queued'
  | 'checking'
  | 'fetching'
  | 'sharing'
  | 'moving'
  | 'paused'
  | 'failed'
  | 'removed';

export interface Situation {
  /** The host runs it. */
  readonly isRunning: boolean;
  /** The torrent is known. */
  readonly isFound: boolean;
  /** Neither paused nor failed, and the queue lets it run. */
  readonly mayRun: boolean;
  readonly isToBeRemoved: boolean;
  /** The transfer is removed, or its session is closed. */
  readonly isOver: boolean;
  /** The resume record must not be used: everything has to be hashed. */
  readonly isDoubted: boolean;
  /** The files are to be moved. */
  readonly isToMove: boolean;
}

export type Step = 'find' | 'start' | 'stop' | 'forget' | 'move' | 'remove';

/** Undefined: nothing is left to do. */
export function nextStep(now: Situation): Step | undefined {
  if (now.isOver) return undefined;
  const mustRest = !now.mayRun || now.isToBeRemoved || now.isDoubted || now.isToMove;
  if (now.isRunning) return mustRest ? 'stop' : undefined;
  if (now.isToBeRemoved) return 'remove';
  if (now.isToMove) return 'move';
  if (now.isDoubted) return 'forget';
  if (!now.mayRun) return undefined;
  return now.isFound ? 'start' : 'find';
}

export interface Condition {
  readonly isLeaving: boolean;
  /** The step that is under way. */
  readonly step: Step | undefined;
  readonly hasFailed: boolean;
  readonly isPaused: boolean;
  readonly isRunning: boolean;
  readonly isComplete: boolean;
}

export function stateOf(now: Condition): TransferState {
  if (now.isLeaving) return 'removed';
  if (now.step === 'move') return 'moving';
  if (now.hasFailed) return 'failed';
  if (now.isPaused) return 'paused';
  if (now.isRunning) return now.isComplete ? 'sharing' : 'fetching';
  if (now.step === 'find') return 'finding';
  return now.step === 'start' ? 'checking' : 'queued';
}
