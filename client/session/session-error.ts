/** What the doors of a session throw: a stable code and what it is about. */

const sessionErrorCodes = [
  'already-in-list',
  'not-in-list',
  'no-torrent-yet',
  'list-in-use',
  'list-damaged',
] as const;

export type SessionErrorCode = (typeof sessionErrorCodes)[number];

export class SessionError extends Error {
  readonly code: SessionErrorCode;
  readonly infoHash: string | undefined;

  constructor(code: SessionErrorCode, message: string, options: { infoHash?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SessionError';
    this.code = code;
    this.infoHash = options.infoHash;
  }
}
