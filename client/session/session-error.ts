/** Errors of a session: a stable code and the torrent or path concerned. */
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
  /** For `not-found`: the folder holds too many torrents to seed. */
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
