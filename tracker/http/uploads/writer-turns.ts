/**
 * The queue for changes of large releases: the single writer makes one at a time, and accounts and addresses
 * take turns. Other writes run between two of them, so they wait for one at most. Ten large changes sent
 * together would be one transaction, and all other writes would wait for all ten.
 */
import { type Asker, type FairLimits, FairQueue } from '../../catalogue/search/fair-queue.ts';
import { ApiError } from '../api/context.ts';

/** A larger release occupies the writer for ten milliseconds or more. */
const largeTracks = 500;
/** At a quarter of a second each, the last of 48 waits about twelve seconds. */
const waitingChanges: FairLimits = { allMax: 48, perAddressMax: 16, perAccountMax: 8 };

export interface WriterTurns {
  /** Runs `work` when its turn comes. Rejects with ApiError if too many wait, or with the error of `work`. */
  take<Result>(asker: Asker, trackCount: number, work: () => Promise<Result>): Promise<Result>;
}

export function openWriterTurns(): WriterTurns {
  const queue = new FairQueue<() => void>(waitingChanges);
  let isTaken = false;

  async function run<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      const next = queue.next();
      if (next === undefined) isTaken = false;
      else next();
    }
  }

  return {
    async take(asker, trackCount, work) {
      if (trackCount <= largeTracks) return work();
      if (isTaken) {
        await new Promise<void>((resolve, reject) => {
          const full = queue.add(asker, resolve);
          if (full !== undefined) reject(busy(full === 'all' ? 503 : 429));
        });
      }
      isTaken = true;
      return run(work);
    },
  };
}

function busy(status: 429 | 503): ApiError {
  const code = status === 429 ? 'too-often' : 'uploads-busy';
  return new ApiError(status, code, 'changes of large releases wait already: try again in a moment', 5);
}
