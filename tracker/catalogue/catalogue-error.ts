/** The errors of the catalogue. The code is stable; the message tells the user what to do. */
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

/** One error for a missing and for a hidden release, so that a viewer cannot tell which it is. */
export function noSuchRelease(): CatalogueError {
  return new CatalogueError('not-found', 'there is no such release here, or you may not see it');
}

export function notYours(): CatalogueError {
  return new CatalogueError('not-allowed', 'only its publisher changes or withdraws a release');
}

/**
 * The same words for every account and all blocked content: the publisher learns only that the content is
 * blocked.
 */
export function awaitsApproval(): CatalogueError {
  return new CatalogueError(
    'awaits-approval',
    'this waits for the approval of a moderator: your inbox tells you what is decided',
  );
}
