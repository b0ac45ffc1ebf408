/**
 * Turns of the one writer for changes of large releases: one at a time, accounts and addresses in turn. What else is
 * written comes between two of them, so it waits for one of them at most; ten that are sent together would be one
 * transaction, and everybody would wait for all ten.
 */
import { type Asker, type FairLimits, FairQueue } from '../../catalogue/search/fair-queue.ts';
import { ApiError } from '../api/context.ts';

/** Above it, a release is some ten milliseconds of the writer. */
const largeTracks = 500;
/** At a quarter of a second each, the last one waits for some ten seconds. */
const waitingChanges: FairLimits = { allMax: 48, perAddressMax: 16, perAccountMax: 8 };

export interface WriterTurns {
  /** Does `work` when it is its turn. Rejects with ApiError when too many wait, and as `work` does. */
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
