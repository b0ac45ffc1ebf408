/** Why something is not shared, kept or known on the client's side of the community: a stable code, what, and where. */
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

/** What could be shared in its place: a folder in it, one of the user's own, or the same one mounted elsewhere. */
export type Instead = 'folder-within' | 'own-folder' | 'own-mount';

export interface ShareErrorFields {
  /** The file or folder it is about. */
  readonly path: string;
  /** Of a place that is not shared. */
  readonly instead?: Instead;
  /** Of `share-secret`: it is one of the files of a torrent, which is shared whole. */
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
