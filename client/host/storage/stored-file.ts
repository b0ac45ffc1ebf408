/** One file of a torrent as it lies on this disk, and where in it the runs of a piece lie. */
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import type { DiskFile } from '../disk/part-file.ts';

export interface StoredFile extends DiskFile {
  readonly file: TorrentFile;
  /**
   * What lies in its final place until then, and is of an earlier version: it may be replaced while it looks
   * like this.
   */
  readonly replaces?: FileStamp | undefined;
  isWanted: boolean;
  /** Another program's file that lies where our part would. */
  strange?: FileStamp | undefined;
  /** Bytes that are not yet verified and stored. */
  missingBytes: number;
  /** How often another program seems to have written into it since it was last read and right. */
  doubts?: number;
}

/** Where a run of one piece lies. */
export interface Place {
  /** Undefined for pads: they are zeros and lie nowhere.  BEP 47 */
  readonly file: StoredFile | undefined;
  /** What to open, and its name among the torrent's open files. */
  readonly at: DiskFile;
  readonly key: string;
  readonly isAside: boolean;
  /** In what is opened, in bytes. */
  readonly position: number;
  readonly bytes: number;
  /** In the run that was asked for. */
  readonly offset: number;
}

export const sideKey = 'side';

/** What the torrent says lies under its own name. */
export function isNamed({ state }: StoredFile): boolean {
  return state === 'final' || state === 'foreign';
}
