/**
 * Waits until a folder is quiet: two listings, taken some time apart, must be equal. So a half-copied file is
 * never taken for a whole one, and a hundred new files are one change.
 *
 *   rest ──touched──▶ waiting ──two equal listings──▶ reporting ──done──▶ rest
 *                        ▲                                │
 *                        └──── touched during the report, ┘
 *                                or the report failed
 *
 * Invariant: one report at a time, and never the same listing twice. Time is an argument (`after`).
 */
import { type FolderListing, sameListing } from './folder-listing.ts';

export interface Settling {
  /** Something may have changed. */
  touch(): void;
  /** Stops reporting. Waits for a report that is under way. */
  stop(): Promise<void>;
}

export interface SettlingPorts {
  readonly list: () => Promise<FolderListing>;
  /** The folder is quiet and differs from the last reported listing. Called again if it rejects. */
  readonly report: () => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /** Starts a timer and returns a function that cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

export interface SettlingTimes {
  /** The time between two listings that have to be equal. */
  readonly settleMs: number;
  /** The delay after a failure. */
  readonly retryMs: number;
}

/** `known`: the listing that an earlier run reported last. */
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
      // The same trouble is reported once, even if a disk is away all night.
      if (String(error) !== trouble) ports.onTrouble(error);
      trouble = String(error);
      wait(times.retryMs);
    }
  };
  return {
    touch: () => {
      isTouched = true;
      // A listing that is under way, or its next one, takes the change into account.
      if (!isStopped && turn === undefined) wait(times.settleMs);
    },
    stop: async () => {
      isStopped = true;
      callOff?.();
      await turn;
    },
  };
}
