/**
 * The clock of a tracker: the one place that asks the machine for the time. A program hands it in once, and all parts
 * are told the time by it, so that a test can let it stand still.
 */
export interface Clock {
  /** Milliseconds, whole, never going back: for silence, waits and how often something may be done. */
  readonly nowMs: () => number;
  /** Milliseconds since 1970, as people set them: for what has a date, as bans, sessions and messages. */
  readonly wallMs: () => number;
}

/** The first of them does not jump when somebody sets the time. */
export const machineClock: Clock = {
  nowMs: () => Math.floor(performance.now()),
  wallMs: () => Date.now(),
};
