/**
 * Whether a file still is what was verified: as it looked when we first read it to serve it. Whoever edits a shared file
 * changes pieces that we have said we have; to send them would make liars of us.
 *
 * Invariant: bytes read before `isUnchanged` said yes are those of the first look. A change that leaves size, time and
 * inode as they were is not seen; the receiver's hash sees it.
 */
import fs from 'node:fs';
import type { StoredFile } from './torrent-files.ts';

interface Look {
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

export class ServedFiles {
  readonly #looks = new WeakMap<StoredFile, Look>();

  /** To be asked after each read. A file under way changes all the time: it is not judged. */
  isUnchanged(file: StoredFile, descriptor: number): boolean {
    if (file.state !== 'final' && file.state !== 'foreign') return true;
    const { size: bytes, mtimeMs, ino: inode } = fs.fstatSync(descriptor);
    const first = this.#looks.get(file);
    if (first === undefined) {
      this.#looks.set(file, { bytes, mtimeMs, inode });
      return bytes === file.file.bytes;
    }
    return first.bytes === bytes && first.mtimeMs === mtimeMs && first.inode === inode;
  }
}
