/**
 * What lets a transfer run or keeps it from running: its turn in the queue, a failure, a removal, the end of
 * its session.
 */
import { nextStep, type Step, stateOf, type TransferState } from './next-step.ts';
import { moveTarget } from './relocation.ts';
import type { TransferSettings } from './transfer-settings.ts';

/** The transfer's own state at this moment. */
export interface Moment {
  readonly settings: TransferSettings;
  /** The host runs it. */
  readonly isRunning: boolean;
  /** Every wanted piece is stored, as far as is known. */
  readonly isComplete: boolean;
  /** The torrent is known, not only its magnet link. */
  readonly isFound: boolean;
  /** The step that is under way. */
  readonly step: Step | undefined;
}

export class Standing {
  /** The error of the last failed step. */
  error: Error | undefined;
  /** The queue lets it run. */
  hasTurn = false;
  /** All files have to be hashed before it runs. */
  isDoubted = false;
  removal: { readonly isErased: boolean } | undefined;
  /** No further steps are taken. */
  end: 'removed' | 'closed' | undefined;

  /** Paused, failed or being removed: it takes no turn in the queue. */
  rests({ isPaused }: TransferSettings): boolean {
    return isPaused === true || this.error !== undefined || this.removal !== undefined;
  }

  state({ settings, isRunning, isComplete, step }: Moment): TransferState {
    return stateOf({
      isLeaving: this.removal !== undefined,
      step,
      hasFailed: this.error !== undefined,
      isPaused: settings.isPaused === true,
      isRunning,
      isComplete,
    });
  }

  next({ settings, isRunning, isFound }: Moment): Step | undefined {
    return nextStep({
      isRunning,
      isFound,
      mayRun: this.hasTurn && !this.rests(settings),
      isToBeRemoved: this.removal !== undefined,
      isOver: this.end !== undefined,
      isDoubted: this.isDoubted,
      isToMove: moveTarget(settings) !== undefined,
    });
  }
}
