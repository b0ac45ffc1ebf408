/** One file of a torrent as it lies on the disk, and where in it the runs of a piece lie. */
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import type { DiskFile } from '../disk/part-file.ts';

export interface StoredFile extends DiskFile {
  readonly file: TorrentFile;
  /**
   * The file of an earlier version that has the final name until then. It may be replaced only while it looks
   * like this.
   */
  readonly replaces?: FileStamp | undefined;
  isWanted: boolean;
  /** Another program's file that has the name of our part file. */
  strange?: FileStamp | undefined;
  /** Bytes that are not yet verified and stored. */
  missingBytes: number;
  /** How often another program seems to have written into the file since it was last hashed and correct. */
  doubts?: number;
}

/** Where a run of one piece lies. */
export interface Place {
  /** Undefined for pad files: they are zeros and not on the disk.  BEP 47 */
  readonly file: StoredFile | undefined;
  /** The file to open, and its key among the torrent's open files. */
  readonly at: DiskFile;
  readonly key: string;
  readonly isAside: boolean;
  /** Position in the opened file, in bytes. */
  readonly position: number;
  readonly bytes: number;
  /** Offset in the requested run. */
  readonly offset: number;
}

export const sideKey = 'side';

/** The file's content is whole, under its final name. */
export function isNamed({ state }: StoredFile): boolean {
  return state === 'final' || state === 'foreign';
}
