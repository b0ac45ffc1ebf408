/**
 * What a transfer does next, from how things are and what is wished. Pure: the transfer asks again after every step, so it
 * never matters in which order wishes came, or in the middle of what.
 *
 * Invariant: files are moved, deleted or read anew only while the torrent does not run.
 */

/**
 * `finding`: peers are asked what a magnet link stands for. `queued`: it waits for its turn. `checking`: what lies there is
 * looked at. `fetching`: something wanted is missing. `sharing`: nothing is. `failed`: see its error; resume() tries again.
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
  /** Its torrent is known. */
  readonly isFound: boolean;
  /** Neither paused nor failed, and it has its turn in the queue. */
  readonly mayRun: boolean;
  readonly isToBeRemoved: boolean;
  /** It is removed, or its session is closed. */
  readonly isOver: boolean;
  /** What was verified before is not to be believed. */
  readonly isDoubted: boolean;
  /** Its files are to lie elsewhere. */
  readonly isToMove: boolean;
}

export type Step = 'find' | 'start' | 'stop' | 'forget' | 'move' | 'remove';

/** Undefined: all is as it is wished. */
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
  /** Under way. */
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
