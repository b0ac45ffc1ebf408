/** What the doors of a session throw: a stable code and what it is about. */
import { CodedError } from '../../torrents/coded-error.ts';

export const sessionErrorCodes = [
  'already-in-list',
  'not-in-list',
  'no-torrent-yet',
  'nothing-chosen',
  'list-in-use',
  'list-damaged',
  'not-found',
  'file-unreadable',
] as const;

export type SessionErrorCode = (typeof sessionErrorCodes)[number];

export interface SessionErrorFields {
  readonly infoHash?: string;
  readonly path?: string;
  /** Of `not-found`: there are too many torrents to seed them as one folder. */
  readonly isTooMany?: boolean;
}

export class SessionError extends CodedError<SessionErrorCode, SessionErrorFields> {
  override readonly name = 'SessionError';

  constructor(
    code: SessionErrorCode,
    message: string,
    { cause, ...fields }: SessionErrorFields & { readonly cause?: unknown } = {},
  ) {
    super(code, message, fields, cause);
  }

  get infoHash(): string | undefined {
    return this.fields.infoHash;
  }
}
