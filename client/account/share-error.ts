/** Errors of sharing and of the client's private files: a stable code, a message and a path. */
import { CodedError } from '../../torrents/coded-error.ts';

export const shareErrorCodes = [
  'share-missing',
  'share-not-a-folder',
  'share-system-folder',
  'share-whole-home',
  'share-hidden',
  'share-private-folder',
  'share-secret',
  'share-moved',
  'private-file-readable',
  'private-file-damaged',
  'private-file-unusable',
] as const;
export type ShareErrorCode = (typeof shareErrorCodes)[number];

/**
 * What the user could share instead: a folder inside, a folder of their own, or the same folder mounted
 * elsewhere.
 */
export type Instead = 'folder-within' | 'own-folder' | 'own-mount';

export interface ShareErrorFields {
  /** The file or folder that the error is about. */
  readonly path: string;
  /** For a folder or file in a forbidden place. */
  readonly instead?: Instead;
  /** For `share-secret`: the file belongs to a torrent, which can only be shared whole. */
  readonly isInTorrent?: boolean;
}

export class ShareError extends CodedError<ShareErrorCode, ShareErrorFields> {
  override readonly name = 'ShareError';

  constructor(
    code: ShareErrorCode,
    message: string,
    { cause, ...fields }: ShareErrorFields & { readonly cause?: unknown },
  ) {
    super(code, message, fields, cause);
  }

  get path(): string {
    return this.fields.path;
  }
}
