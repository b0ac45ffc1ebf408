/** What a transfer waits for, and what keeps it from running: its turn, a failure, a removal, the end of its session. */
import { nextStep, type Step, stateOf, type TransferState } from './next-step.ts';
import { moveTarget } from './relocation.ts';
import type { TransferSettings } from './transfer-settings.ts';

/** What the transfer itself knows at this moment. */
export interface Moment {
  readonly settings: TransferSettings;
  /** The host runs it. */
  readonly isRunning: boolean;
  /** Every wanted piece is stored, as far as is known. */
  readonly isComplete: boolean;
  /** Its torrent is known: it is no longer only a magnet link. */
  readonly isFound: boolean;
  /** The step that is under way. */
  readonly step: Step | undefined;
}

export class Standing {
  /** Of the last step that failed. */
  error: Error | undefined;
  /** The queue lets it run. */
  hasTurn = false;
  /** All its bytes are to be read and compared before it runs. */
  isDoubted = false;
  removal: { readonly isErased: boolean } | undefined;
  /** No step is taken any more. */
  end: 'removed' | 'closed' | undefined;

  /** Paused, failed or to be removed: it takes no turn in the queue. */
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
