/**
 * A queue for heavy work: a few run at a time, a few wait, and the rest is refused at once. Even a flood uses
 * bounded memory, and no wait is long.
 *
 * Invariant: the queue is sorted by rank, lowest first, then by arrival. A full queue refuses its last entry,
 * so that requests of a high rank never keep out one of a lower rank.
 */
export interface TurnLimits {
  readonly runningMax: number;
  readonly waitingMax: number;
  /** After this wait a request is refused at its turn, because its user has given up or soon will. */
  readonly waitMsMax: number;
  /** Never goes back. */
  readonly nowMs: () => number;
}

/**
 * Runs `work` at its turn. Returns undefined without running it if the queue was full or the wait too long.
 * `rank`: 0 by default.
 */
export type TakeTurn = <Result>(
  work: () => Promise<Result>,
  rank?: number,
) => Promise<{ readonly result: Result } | undefined>;

interface Waiting {
  readonly rank: number;
  readonly sinceMs: number;
  /** False: the request is refused. */
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
      // The next in the queue takes over the slot, so `running` stays the same.
      const first = next();
      if (first === undefined) running--;
      else first.answer(true);
    }
  };
}
