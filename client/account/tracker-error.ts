/** Errors of a tracker: its refusals, and what is wrong with its answers. */
import { CodedError } from '../../torrents/coded-error.ts';

/** Codes that this client itself produces. All other codes come from trackers. */
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
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly retryAfterSeconds?: number;
  /** The system's error code (`ENOTFOUND`) when the tracker could not be reached. */
  readonly system?: string | undefined;
  /** For `session-invalid`: the account whose session has ended and for which the key no longer signs in. */
  readonly account?: string;
}

/**
 * An error with a stable code: the tracker's, which may be newer than this client, or one of
 * `ownTrackerErrorCodes`.
 */
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
