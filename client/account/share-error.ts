/** Why something is not shared, kept or known on the client's side of the community: a stable code and what to do. */
export type ShareErrorCode =
  | 'share-missing'
  | 'share-not-a-folder'
  | 'share-system-folder'
  | 'share-whole-home'
  | 'share-hidden'
  | 'share-private-folder'
  | 'share-secret'
  | 'share-moved'
  | 'private-file-readable'
  | 'private-file-damaged'
  | 'private-file-unusable';

export class ShareError extends Error {
  override readonly name = 'ShareError';
  readonly code: ShareErrorCode;
  /** The file or folder it is about. */
  readonly path: string;

  constructor(code: ShareErrorCode, message: string, path: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }
}
