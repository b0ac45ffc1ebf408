/**
 * The files of one torrent on this disk: where each lies, what state it is in, and how to open it.
 *
 *   side ──wanted──▶ part ──last byte──▶ final        foreign: it was there before us, complete; read, compared,
 *     ▲                │                                       never written
 *     └──not begun, ───┘
 *        not wanted any more
 *
 * A file under way is `NAME.part` in its final place and gets its name when its last byte is verified. One that is not
 * wanted is not there at all: what comes of it lies in the side file (side-file.ts). An earlier version's file keeps its
 * name until then, and is replaced at once.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { FileLayout, TorrentFile } from '../../torrents/file-layout.ts';
import type { PieceIndex } from '../../torrents/geometry.ts';
import { makeFolders } from '../../torrents/make-folders.ts';
import { type FileStamp, sameStamp, stampFrom } from './resume-store.ts';
import type { SideFile } from './side-file.ts';

export type FileState = 'side' | 'part' | 'final' | 'foreign';

export interface StoredFile {
  readonly file: TorrentFile;
  readonly finalPath: string;
  readonly partPath: string;
  /** What lies in its final place until then, and is of an earlier version: it may be replaced while it looks like this. */
  readonly replaces?: FileStamp | undefined;
  state: FileState;
  /** Bytes that are not yet verified and stored. */
  missingBytes: number;
}

/** Where a run of one piece lies. */
export interface Place {
  /** Undefined for pads: they are zeros and lie nowhere.  BEP 47 */
  readonly file: StoredFile | undefined;
  /** What to open (openStored), and its name among the torrent's open files. */
  readonly at: Pick<StoredFile, 'state' | 'finalPath' | 'partPath'>;
  readonly key: string;
  readonly isAside: boolean;
  /** In what is opened, in bytes. */
  readonly position: number;
  readonly bytes: number;
  /** In the run that was asked for. */
  readonly offset: number;
}

export const sideKey = 'side';

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_RDWR } = fs.constants;

/** Opens it as its state demands. A file under way is made when it is not there; links are never followed. */
export function openStored(stored: Pick<StoredFile, 'state' | 'finalPath' | 'partPath'>): number {
  if (stored.state !== 'part') return fs.openSync(stored.finalPath, O_RDONLY);
  try {
    return fs.openSync(stored.partPath, O_RDWR | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  makeFolders(path.dirname(stored.partPath));
  return fs.openSync(stored.partPath, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
}

export class TorrentFiles {
  /** By file index; undefined for pads, which are never on disk.  BEP 47 */
  readonly files: readonly (StoredFile | undefined)[];
  readonly layout: FileLayout;
  /** Where the torrent's own folder or file lies. */
  readonly rootPath: string;
  readonly side: SideFile | undefined;
  /** Pieces of which a file's part lies in the side file, by file index. */
  readonly #held = new Map<number, Set<PieceIndex>>();
  /** Pieces on their way to the disk, by file index: the file cannot change its place for another meanwhile. */
  readonly #writing = new Map<number, number>();
  #pieces = 0;
  readonly #whenSettled: (() => void)[] = [];

  /** Without a side file every file is wanted. */
  constructor(
    layout: FileLayout,
    files: readonly (StoredFile | undefined)[],
    sideFile?: (rootPath: string) => SideFile,
  ) {
    this.layout = layout;
    this.files = files;
    const first = files.find((stored) => stored !== undefined);
    const below = first === undefined || layout.isSingleFile ? 0 : first.file.diskPath.length - 1;
    this.rootPath = path.resolve(first?.finalPath ?? '.', ...Array<string>(below).fill('..'));
    this.side = sideFile?.(this.rootPath);
  }

  /** Where a run of bytes inside one piece lies, in order. */
  places(start: number, bytes: number): Place[] {
    const places: Place[] = [];
    let offset = 0;
    for (const segment of this.layout.segments(start, bytes)) {
      const file = this.files[segment.fileIndex];
      const run = { file, bytes: segment.bytes, offset };
      const side = file?.state === 'side' ? this.side?.positionOf(start + offset) : undefined;
      if (side !== undefined) {
        places.push({ ...run, at: this.side!.place, key: sideKey, isAside: true, position: side });
      } else {
        const at = file ?? { state: 'final', finalPath: '', partPath: '' };
        places.push({ ...run, at, key: `${segment.fileIndex}`, isAside: false, position: segment.offset });
      }
      offset += segment.bytes;
    }
    return places;
  }

  /** Where a file lies now, whole or in part. */
  pathOf(stored: StoredFile): string {
    if (stored.state === 'side') return this.side!.path;
    return stored.state === 'part' ? stored.partPath : stored.finalPath;
  }

  /** A piece goes to the disk. Every call is followed by one of `onWritten`. */
  onWriting(places: readonly Place[]): void {
    this.#pieces += 1;
    for (const { file } of places) {
      if (file !== undefined) this.#writing.set(file.file.index, this.#writingCount(file) + 1);
    }
  }

  onWritten(places: readonly Place[]): void {
    for (const { file } of places) {
      if (file !== undefined) this.#writing.set(file.file.index, this.#writingCount(file) - 1);
    }
    this.#pieces -= 1;
    if (this.#pieces === 0) for (const resolve of this.#whenSettled.splice(0)) resolve();
  }

  /** No piece is on its way to the disk any more. */
  settled(): Promise<void> {
    if (this.#pieces === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenSettled.push(resolve));
  }

  #writingCount(stored: StoredFile): number {
    return this.#writing.get(stored.file.index) ?? 0;
  }

  /** This part of the file is in the side file. When the file has become wanted meanwhile, it goes home. */
  hold(stored: StoredFile, pieceIndex: PieceIndex): void {
    const held = this.#held.get(stored.file.index) ?? new Set();
    this.#held.set(stored.file.index, held.add(pieceIndex));
    if (stored.state === 'part') this.#bringHome(stored);
  }

  /** The file is wanted from now on, or not. Throws when the disk refuses to move what is there of it. */
  setWanted(stored: StoredFile, isWanted: boolean): void {
    if (isWanted && stored.state === 'side') {
      this.#bringHome(stored);
      stored.state = 'part';
    } else if (!isWanted && stored.state === 'part' && this.side !== undefined) {
      // One that has been begun stays where it is.
      const isBegun = stored.missingBytes < stored.file.bytes || this.#writingCount(stored) > 0;
      if (!isBegun && !fs.existsSync(stored.partPath)) stored.state = 'side';
    }
  }

  /** The torrent ends. What the side file holds is kept for the next time, if there is to be one. */
  tidy(isLast: boolean): void {
    if (this.side === undefined || (!isLast && this.#held.size > 0)) return;
    // A torrent of a single file has no folder in which one could lie.
    if (fs.existsSync(this.side.path)) fs.rmSync(this.side.path, { force: true });
  }

  /** At most two pieces a file, so that nobody waits for it. */
  #bringHome(stored: StoredFile): void {
    const held = this.#held.get(stored.file.index);
    if (held === undefined) return;
    const { finalPath, partPath, file } = stored;
    const source = fs.openSync(this.side!.path, O_RDONLY | O_NOFOLLOW);
    try {
      const target = openStored({ state: 'part', finalPath, partPath });
      try {
        for (const pieceIndex of held) this.#copyPart(source, target, file, pieceIndex);
      } finally {
        fs.closeSync(target);
      }
    } finally {
      fs.closeSync(source);
    }
    this.#held.delete(file.index);
  }

  #copyPart(source: number, target: number, file: TorrentFile, pieceIndex: PieceIndex): void {
    const [from, to] = this.side!.rangeIn(pieceIndex, file);
    const bytes = Buffer.allocUnsafe(to - from);
    const count = fs.readSync(source, bytes, 0, bytes.length, this.side!.positionOf(from)!);
    if (count < bytes.length)
      throw Object.assign(new Error(`${this.side!.path} is shorter than it was`), { code: 'ESHORT' });
    for (let at = 0; at < bytes.length; ) {
      at += fs.writeSync(target, bytes, at, bytes.length - at, from - file.offset + at);
    }
  }

  /** Its last byte is verified: it gets its name, unless something else has taken it. */
  finish(stored: StoredFile): void {
    if (stored.state !== 'part') return;
    if (stored.file.bytes === 0) fs.closeSync(openStored(stored));
    if (mayReplace(stored)) {
      fs.renameSync(stored.partPath, stored.finalPath);
      stored.state = 'final';
      return;
    }
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

/** The earlier version's file is still in its place, as it was: somebody may have worked on it meanwhile. */
function mayReplace({ replaces, finalPath }: StoredFile): boolean {
  if (replaces === undefined) return false;
  return sameStamp(replaces, stampFrom(fs.lstatSync(finalPath, { bigint: true, throwIfNoEntry: false })));
}
