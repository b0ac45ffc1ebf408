/** Time and timers for the storage code: real ones here, virtual ones in test/sim. */
import { Outcome, type Steps, waitFor } from './steps.ts';

export interface Timers {
  /** Monotonic. */
  nowMs(): number;
  /** Calls `run` once, later. Answers how to cancel it. The timer does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

export const realTimers: Timers = {
  nowMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

export function* pausing(timers: Timers, ms: number): Steps<void> {
  const over = new Outcome<void>();
  timers.after(ms, () => over.resolve());
  yield* waitFor(over);
}
