/**
 * Heavy work by turns: a few at a time, a few waiting in line, the rest is refused at once. So a crowd costs bounded
 * memory, and no wait is long.
 *
 * Invariant: the line is in the order of ranks, lowest first, and of arrival within a rank. A full line refuses the last
 * of it: requests of a high rank never keep one of a lower rank out.
 */
export interface TurnLimits {
  readonly runningMax: number;
  readonly waitingMax: number;
  /** After this wait a request is refused when its turn comes: its asker has given up, or soon will. */
  readonly waitMsMax: number;
  /** Never going back. */
  readonly nowMs: () => number;
}

/** Does `work` when it is its turn; undefined, without doing it, when the line is full. `rank`: 0 unless given. */
export type TakeTurn = <Result>(
  work: () => Promise<Result>,
  rank?: number,
) => Promise<{ readonly result: Result } | undefined>;

interface Waiting {
  readonly rank: number;
  readonly sinceMs: number;
  /** False: it is refused. */
  readonly answer: (isItsTurn: boolean) => void;
}

export function openTurns({ runningMax, waitingMax, waitMsMax, nowMs }: TurnLimits): TakeTurn {
  let running = 0;
  const line: Waiting[] = [];

  function queue(waiting: Waiting): void {
    line.splice(line.findLastIndex(({ rank }) => rank <= waiting.rank) + 1, 0, waiting);
    if (line.length > waitingMax) line.pop()?.answer(false);
  }

  function next(): Waiting | undefined {
    for (;;) {
      const first = line.shift();
      if (first === undefined || nowMs() - first.sinceMs <= waitMsMax) return first;
      first.answer(false);
    }
  }

  return async (work, rank = 0) => {
    if (running < runningMax) {
      running++;
    } else {
      const isItsTurn = new Promise<boolean>((answer) => queue({ rank, sinceMs: nowMs(), answer }));
      if (!(await isItsTurn)) return undefined;
    }
    try {
      return { result: await work() };
    } finally {
      // The next in line takes over the place, which stays counted.
      const first = next();
      if (first === undefined) running--;
      else first.answer(true);
    }
  };
}
