/**
 * The files of one torrent on this disk: where each lies, what state it is in, and how to open it.
 *
 *   absent ──first write──▶ part ──last byte──▶ final        foreign: it was there before us, complete; read, compared,
 *                                                            never written
 *
 * A file under way is `NAME.part` in its final place and gets its name when its last byte is verified.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { FileLayout, TorrentFile } from '../../torrents/file-layout.ts';

export type FileState = 'part' | 'final' | 'foreign';

export interface StoredFile {
  readonly file: TorrentFile;
  readonly finalPath: string;
  readonly partPath: string;
  state: FileState;
  /** Bytes that are not yet verified and stored. */
  missingBytes: number;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_RDWR } = fs.constants;

/** Opens it as its state demands. A file under way is made when it is not there; links are never followed. */
export function openStored(stored: Pick<StoredFile, 'state' | 'finalPath' | 'partPath'>): number {
  if (stored.state !== 'part') return fs.openSync(stored.finalPath, O_RDONLY);
  try {
    return fs.openSync(stored.partPath, O_RDWR | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  fs.mkdirSync(path.dirname(stored.partPath), { recursive: true });
  return fs.openSync(stored.partPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
}

export class TorrentFiles {
  /** By file index; undefined for pads, which are never on disk.  BEP 47 */
  readonly files: readonly (StoredFile | undefined)[];
  readonly layout: FileLayout;
  /** Where the torrent's own folder or file lies. */
  readonly rootPath: string;

  constructor(layout: FileLayout, files: readonly (StoredFile | undefined)[]) {
    this.layout = layout;
    this.files = files;
    const first = files.find((stored) => stored !== undefined);
    const below = first === undefined || layout.isSingleFile ? 0 : first.file.diskPath.length - 1;
    this.rootPath = path.resolve(first?.finalPath ?? '.', ...Array<string>(below).fill('..'));
  }

  /** Its last byte is verified: it gets its name, unless something else has taken it. */
  finish(stored: StoredFile): void {
    if (stored.state !== 'part') return;
    if (stored.file.bytes === 0) fs.closeSync(openStored(stored));
    try {
      // A hard link never replaces what is there; a rename would.
      fs.linkSync(stored.partPath, stored.finalPath);
      // Two names for one file are a blemish; the download is complete all the same.
      fs.rmSync(stored.partPath, { force: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // File systems without hard links (FAT, some network shares) say so in several ways.
      if (
        code === 'EEXIST' ||
        !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EXDEV'].includes(code ?? '')
      ) {
        throw error;
      }
      if (fs.existsSync(stored.finalPath)) throw Object.assign(new Error('file exists'), { code: 'EEXIST' });
      fs.renameSync(stored.partPath, stored.finalPath);
    }
    stored.state = 'final';
  }
}
