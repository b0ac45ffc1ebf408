/**
 * Heavy work by turns: a few at a time, a few waiting in line, everybody else is sent away at once. So a crowd costs
 * bounded memory, and whoever waits does not wait for long.
 */
export interface TurnLimits {
  readonly runningMax: number;
  readonly waitingMax: number;
}

/** Does `work` when it is its turn; undefined, without doing it, when the line is full. */
export type TakeTurn = <Result>(
  work: () => Promise<Result>,
) => Promise<{ readonly result: Result } | undefined>;

export function openTurns({ runningMax, waitingMax }: TurnLimits): TakeTurn {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running < runningMax) {
      running++;
    } else {
      if (waiting.length >= waitingMax) return undefined;
      // Whoever is done hands over the place, which stays counted.
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return { result: await work() };
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
