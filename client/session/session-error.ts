/** What the doors of a session throw: a stable code and what it is about. */
import { CodedError } from '../../torrents/coded-error.ts';

export const sessionErrorCodes = [
  'already-in-list',
  'not-in-list',
  'no-torrent-yet',
  'nothing-chosen',
  'list-in-use',
  'list-damaged',
] as const;

export type SessionErrorCode = (typeof sessionErrorCodes)[number];

export class SessionError extends CodedError<SessionErrorCode, { readonly infoHash?: string }> {
  override readonly name = 'SessionError';

  constructor(
    code: SessionErrorCode,
    message: string,
    { cause, ...fields }: { readonly infoHash?: string; readonly cause?: unknown } = {},
  ) {
    super(code, message, fields, cause);
  }

  get infoHash(): string | undefined {
    return this.fields.infoHash;
  }
}
