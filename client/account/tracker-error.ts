/** What a tracker refuses, and what is wrong with its answers. */
import { CodedError } from '../../torrents/coded-error.ts';

/** What is said by us, of trackers and of what they hand out. */
export const ownTrackerErrorCodes = [
  'tracker-invalid',
  'tracker-unreachable',
  'tracker-unclear',
  'tracker-bare',
  'release-forged',
  'session-invalid',
  'name-invalid',
  'not-found',
  'taken-down',
] as const;
export type OwnTrackerErrorCode = (typeof ownTrackerErrorCodes)[number];

export interface TrackerErrorFields {
  /** HTTP; 0 when there was no answer. */
  readonly status: number;
  readonly retryAfterSeconds?: number;
  /** What the system calls it (`ENOTFOUND`), where it was the system that could not reach it. */
  readonly system?: string | undefined;
  /** Of `session-invalid`: whose session it was, when their key opens none any more. */
  readonly account?: string;
}

/** A tracker's refusal with its stable code, which may be one of a newer tracker, or one of ours. */
export class TrackerError extends CodedError<string, TrackerErrorFields> {
  override readonly name = 'TrackerError';

  constructor(
    code: string,
    message: string,
    status = 0,
    { cause, ...more }: Omit<TrackerErrorFields, 'status'> & { readonly cause?: unknown } = {},
  ) {
    super(code, message, { status, ...more }, cause);
  }

  get status(): number {
    return this.fields.status;
  }

  get retryAfterSeconds(): number | undefined {
    return this.fields.retryAfterSeconds;
  }
}
