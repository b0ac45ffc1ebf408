/** What the catalogue refuses. The code is stable; the message says what to do. */
export type CatalogueErrorCode =
  | 'not-found'
  | 'not-allowed'
  | 'release-exists'
  | 'already-published'
  | 'awaits-approval'
  | 'release-invalid'
  | 'release-not-private'
  | 'release-limit'
  | 'torrent-invalid'
  | 'torrent-name-hidden'
  | 'version-not-next'
  | 'signature-invalid'
  | 'query-invalid'
  | 'cursor-invalid';

export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
  readonly code: CatalogueErrorCode;

  constructor(code: CatalogueErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** One for what is not there and what may not be seen: nobody learns which. */
export function noSuchRelease(): CatalogueError {
  return new CatalogueError('not-found', 'there is no such release here, or you may not see it');
}

export function notYours(): CatalogueError {
  return new CatalogueError('not-allowed', 'only its publisher changes or withdraws a release');
}

/** Word for word the same for every account and all blocked content: that it is blocked is all that is told. */
export function awaitsApproval(): CatalogueError {
  return new CatalogueError(
    'awaits-approval',
    'this waits for the approval of a moderator: your inbox tells you what is decided',
  );
}
