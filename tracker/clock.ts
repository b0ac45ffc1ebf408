/**
 * The tracker's clock, the only file that reads the machine's time. The program passes it to all parts, so
 * that a test can stop the time.
 */
export interface Clock {
  /** Whole milliseconds that never go back: for timeouts, waits and rate limits. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970, as set on the machine: for dates of bans, sessions and messages. */
  readonly wallMs: () => number;
}

/** `nowMs` does not jump when the machine's time is set. */
export const machineClock: Clock = {
  nowMs: () => Math.floor(performance.now()),
  wallMs: () => Date.now(),
};
