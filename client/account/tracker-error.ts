/** What a tracker refuses, and what is wrong with its answers. */

/** A tracker's refusal with its stable code, or `tracker-…` when there was no proper answer. */
export class TrackerError extends Error {
  override readonly name = 'TrackerError';
  readonly code: string;
  /** HTTP; 0 when there was none. */
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: string,
    message: string,
    status = 0,
    more: { retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.status = status;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}
