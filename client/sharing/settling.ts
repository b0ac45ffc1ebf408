/**
 * Waits until a folder has come to rest: a listing is only believed when the next one, taken a while later, is the same,
 * so that no half-copied file is ever taken for a whole one, and a hundred new files are one change.
 *
 *   rest ──touched──▶ waiting ──two equal listings──▶ reporting ──done──▶ rest
 *                        ▲                                │
 *                        └────── touched meanwhile, ──────┘
 *                                or it failed
 *
 * Invariant: one report at a time, and none of what was reported already. Time comes in as an argument.
 */
import { type FolderListing, sameListing } from './folder-listing.ts';

export interface Settling {
  /** Something may have changed. */
  touch(): void;
  /** Nothing is reported any more; a report under way is waited for. */
  stop(): Promise<void>;
}

export interface SettlingPorts {
  readonly list: () => Promise<FolderListing>;
  /** The folder is at rest, and not as it was when this was last called. It is called again when it rejects. */
  readonly report: () => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /** → how to call it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

export interface SettlingTimes {
  /** Between two listings that have to be equal. */
  readonly settleMs: number;
  /** Until the next try, after something failed. */
  readonly retryMs: number;
}

/** `known`: what was reported last, in an earlier run. */
export function settling(
  known: FolderListing | undefined,
  ports: SettlingPorts,
  times: SettlingTimes,
): Settling {
  let reported = known;
  let last: FolderListing | undefined;
  let callOff: (() => void) | undefined;
  let turn: Promise<void> | undefined;
  let trouble: string | undefined;
  let isTouched = false;
  let isStopped = false;

  const wait = (ms: number) => {
    callOff?.();
    callOff = ports.after(ms, () => {
      callOff = undefined;
      turn = look().finally(() => {
        turn = undefined;
      });
    });
  };
  const look = async () => {
    isTouched = false;
    try {
      const listing = await ports.list();
      if (isStopped) return;
      const isAtRest = last !== undefined && sameListing(last, listing) && !isTouched;
      last = listing;
      if (!isAtRest) return wait(times.settleMs);
      if (reported === undefined || !sameListing(reported, listing)) {
        await ports.report();
        reported = listing;
      }
      last = undefined;
      trouble = undefined;
      if (isTouched && !isStopped) wait(times.settleMs);
    } catch (error) {
      last = undefined;
      if (isStopped) return;
      // A disk that is away all night is told of once.
      if (String(error) !== trouble) ports.onTrouble(error);
      trouble = String(error);
      wait(times.retryMs);
    }
  };
  return {
    touch: () => {
      isTouched = true;
      // A look that is under way, or the next one, sees to it.
      if (!isStopped && turn === undefined) wait(times.settleMs);
    },
    stop: async () => {
      isStopped = true;
      callOff?.();
      await turn;
    },
  };
}
