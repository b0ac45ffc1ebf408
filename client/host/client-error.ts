/** What the doors of the client throw: a stable code, a sentence that says what to do, and where it happened. */
export type ClientErrorCode =
  | 'port-in-use'
  | 'port-not-permitted'
  | 'address-not-available'
  | 'listen-failed'
  | 'already-added'
  | 'exists'
  | 'format-not-supported'
  | 'not-a-folder'
  | 'folder-not-writable'
  | 'unsafe-link'
  | 'not-found'
  | 'unreadable'
  | 'data-mismatch'
  | 'stopped';

export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly path: string | undefined;

  constructor(code: ClientErrorCode, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ClientError';
    this.code = code;
    this.path = options.path;
  }
}
