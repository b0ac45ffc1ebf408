/**
 * The files of one torrent on the disk: where each lies, its state, and which pieces are stored.
 *
 *   side ──wanted──▶ part ──last byte──▶ final        foreign: existed before the download, and complete;
 *     ▲                │ ▲                 │                    read and compared, never written
 *     └──not begun, ───┘ └──────lost───────┘
 *        not wanted any more
 *
 * A file in progress is `NAME.part` and gets its final name when its last byte is verified. An unwanted file
 * does not exist: bytes of it that come with shared pieces are in the side file (side-file.ts). A file of an
 * earlier version keeps the name until then, and is replaced in one step.
 *
 * Invariant: a piece counts as stored when it was written into files that were not lost since (`seen`). Left
 * to others: how a file is opened, made and named (part-file.ts), and when its place is inspected
 * (content-watch.ts).
 */
import path from 'node:path';
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { FileLayout } from '../../../torrents/metainfo/file-layout.ts';
import { addPiece, hasPiece, noPieces, removePiece } from '../../../torrents/piece-set.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import type { Beneath } from '../disk/beneath.ts';
import { troubleOf } from '../disk/disk-errors.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { copyIntoPart, type DiskFile, isUnforced, makePart, namePart, removeOwn } from '../disk/part-file.ts';
import { realFiles } from '../disk/real-files.ts';
import { UnforcedPieces } from '../resume/unforced-pieces.ts';
import { WritesUnderWay } from '../resume/writes-under-way.ts';
import type { SideFile } from './side-file.ts';
import { isNamed, type Place, type StoredFile, sideKey } from './stored-file.ts';

const none: ReadonlySet<StoredFile> = new Set();
const nowhere: DiskFile = { state: 'final', finalPath: '', partPath: '', seen: undefined, lost: undefined };

/** What a download needs to write. A seed only reads. */
export interface DownloadPlace {
  readonly beneath: Beneath;
  readonly sideFile: (rootPath: string) => SideFile;
}

export class TorrentFiles {
  /** By file index; undefined for pad files, which are never on the disk.  BEP 47 */
  readonly files: readonly (StoredFile | undefined)[];
  readonly layout: FileLayout;
  readonly geometry: Geometry;
  /** The path of the torrent's own folder or file. */
  readonly rootPath: string;
  readonly side: SideFile | undefined;
  /** The file system of all the files. */
  readonly fs: FileSystem;
  readonly beneath: Beneath | undefined;
  readonly unforced = new UnforcedPieces();
  readonly writes = new WritesUnderWay();
  /** Called when a file gets its final name, or bytes from the side file: neither is forced to the disk. */
  onPlaced: (stored: StoredFile) => void = () => {};
  /** Called with the pieces that a failed fsync may have lost. */
  onUnforced: (at: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble) => void = () => {};
  readonly #stored: Uint8Array;
  /** How often each piece was lost. */
  readonly #losses = new Map<PieceIndex, number>();
  /** By file index: the pieces whose bytes of this file are in the side file. */
  readonly #held = new Map<number, Set<PieceIndex>>();

  constructor(
    layout: FileLayout,
    geometry: Geometry,
    files: readonly (StoredFile | undefined)[],
    download?: DownloadPlace,
    fs: FileSystem = download?.beneath.fs ?? realFiles,
  ) {
    this.fs = fs;
    this.layout = layout;
    this.geometry = geometry;
    this.files = files;
    this.#stored = noPieces(geometry.pieceCount);
    const first = files.find((stored) => stored !== undefined);
    const below = first === undefined || layout.isSingleFile ? 0 : first.file.diskPath.length - 1;
    this.rootPath = path.resolve(first?.finalPath ?? '.', ...Array<string>(below).fill('..'));
    this.side = download?.sideFile(this.rootPath);
    this.beneath = download?.beneath;
  }

  /** Every file has its final name. */
  get isWhole(): boolean {
    return this.files.every((stored) => stored === undefined || isNamed(stored));
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
        const key = `${segment.fileIndex}`;
        places.push({ ...run, at: file ?? nowhere, key, isAside: false, position: segment.offset });
      }
      offset += segment.bytes;
    }
    return places;
  }

  placesOf(pieceIndex: PieceIndex): Place[] {
    return this.places(this.geometry.pieceOffset(pieceIndex), this.geometry.pieceBytes(pieceIndex));
  }

  /** The file that holds the bytes of `stored` now. */
  pathOf(stored: StoredFile): string {
    if (stored.state === 'side') return this.side!.path;
    return stored.state === 'part' ? stored.partPath : stored.finalPath;
  }

  /** The stamp of that file when we last wrote it or found it correct. */
  seen(stored: StoredFile): FileStamp | undefined {
    return stored.state === 'side' ? this.side?.place.seen : stored.seen;
  }

  has(pieceIndex: PieceIndex): boolean {
    return hasPiece(this.#stored, pieceIndex);
  }

  /** Changes when the piece is lost or stored again: an earlier read of it is then out of date. */
  version(pieceIndex: PieceIndex): number {
    return 2 * (this.#losses.get(pieceIndex) ?? 0) + (this.has(pieceIndex) ? 1 : 0);
  }

  /** The piece is verified and written. `forced`: the files in which it was forced to the disk. */
  onStored(
    pieceIndex: PieceIndex,
    places: readonly Place[],
    forced: ReadonlySet<StoredFile> | 'all' = none,
  ): void {
    for (const { file, at } of places) {
      if (file !== undefined && forced !== 'all' && !forced.has(file)) this.unforced.add(at, pieceIndex);
    }
    addPiece(this.#stored, pieceIndex);
    for (const { file, bytes } of places) if (file !== undefined) file.missingBytes -= bytes;
    for (const { file, isAside } of places) if (file !== undefined && isAside) this.hold(file, pieceIndex);
  }

  /** The stored pieces that lie in this file, wholly or in part. */
  storedIn({ file }: StoredFile): PieceIndex[] {
    const { geometry } = this;
    if (file.bytes === 0) return [];
    const last = Math.floor((file.offset + file.bytes - 1) / geometry.pieceLength);
    const pieces: PieceIndex[] = [];
    for (let at = Math.floor(file.offset / geometry.pieceLength); at <= last; at++) {
      const pieceIndex = geometry.pieceIndex(at);
      if (pieceIndex !== undefined && this.has(pieceIndex)) pieces.push(pieceIndex);
    }
    return pieces;
  }

  /** An fsync of this file has failed. */
  onSyncFailed(at: DiskFile, trouble: DiskTrouble): void {
    const pieces = this.unforced.onFailed(at).filter((pieceIndex) => this.has(pieceIndex));
    this.onUnforced(at, pieces, trouble);
  }

  /** A close has failed: what was written may be lost, as after a failed fsync. `key` is that of Place. */
  onCloseFailed(key: string, trouble: DiskTrouble): void {
    const at = key === sideKey ? this.side?.place : this.files[Number(key)];
    if (at !== undefined) this.onSyncFailed(at, trouble);
  }

  /** Another program may have written into the file: it is hashed before it gets its final name. */
  doubt(stored: StoredFile): void {
    stored.doubts = (stored.doubts ?? 0) + 1;
  }

  /** Another program has written into the side file: files that get bytes from it are hashed first. */
  doubtSide(): void {
    for (const index of this.#held.keys()) this.doubt(this.files[index]!);
  }

  /** The file of the file system that holds the bytes of `stored`. */
  opened(stored: StoredFile): DiskFile {
    return stored.state === 'side' ? this.side!.place : stored;
  }

  /** These pieces are no longer on the disk, or not whole. */
  losePieces(pieces: readonly PieceIndex[]): void {
    for (const pieceIndex of pieces) {
      if (!this.has(pieceIndex)) continue;
      this.#losses.set(pieceIndex, (this.#losses.get(pieceIndex) ?? 0) + 1);
      removePiece(this.#stored, pieceIndex);
      for (const { file, bytes } of this.placesOf(pieceIndex)) {
        if (file === undefined) continue;
        file.missingBytes += bytes;
        this.#held.get(file.file.index)?.delete(pieceIndex);
      }
    }
  }

  /** The file is no longer in its place. Answers the pieces that are lost with it. */
  lose(stored: StoredFile): PieceIndex[] {
    const pieces = this.storedIn(stored);
    this.losePieces(pieces);
    stored.lost = stored.seen;
    stored.seen = undefined;
    stored.doubts = 0;
    stored.state = stored.isWanted || this.side === undefined ? 'part' : 'side';
    return pieces;
  }

  /** The side file is no longer in its place. Answers the pieces that are lost with it. */
  loseSide(): PieceIndex[] {
    const pieces = [...new Set([...this.#held.values()].flatMap((held) => [...held]))].filter((i) =>
      this.has(i),
    );
    this.losePieces(pieces);
    this.#held.clear();
    Object.assign(this.side!.place, { lost: this.side!.place.seen, seen: undefined });
    return pieces;
  }

  /** The side file has this file's part of the piece. It moves now if the file was selected by now. */
  hold(stored: StoredFile, pieceIndex: PieceIndex): void {
    const held = this.#held.get(stored.file.index) ?? new Set();
    this.#held.set(stored.file.index, held.add(pieceIndex));
    if (stored.state === 'part') this.#bringHome(stored);
  }

  /** Selects or deselects the file. Throws when its bytes cannot be moved out of the side file. */
  setWanted(stored: StoredFile, isWanted: boolean): void {
    if (isWanted && stored.state === 'side') {
      this.#bringHome(stored);
      stored.state = 'part';
    } else if (!isWanted && stored.state === 'part' && this.side !== undefined) {
      // A file that was begun stays where it is.
      const isBegun = stored.missingBytes < stored.file.bytes || this.writes.isWriting(stored);
      if (!isBegun && stored.seen === undefined) stored.state = 'side';
    }
    stored.isWanted = isWanted;
  }

  /** The torrent stops. The side file is removed, unless it holds bytes that a later run can use. */
  tidy(isLast: boolean): void {
    const held = [...this.#held.values()].reduce((count, { size }) => count + size, 0);
    if (this.side === undefined || (!isLast && held > 0)) return;
    if (this.beneath !== undefined) removeOwn(this.side.place, this.beneath);
  }

  /** Moves the file's bytes out of the side file. Synchronous: these are at most two pieces. */
  #bringHome(stored: StoredFile): void {
    const held = this.#held.get(stored.file.index);
    if (held === undefined || held.size === 0) return;
    const side = this.side!;
    const { file, finalPath, partPath, seen, lost } = stored;
    // The state of `stored` changes only when the move is done.
    const target: DiskFile = { finalPath, partPath, state: 'part', seen, lost };
    const runs = [...held].map((pieceIndex) => {
      const [from, to] = side.rangeIn(pieceIndex, file);
      return { source: side.positionOf(from)!, target: from - file.offset, bytes: to - from };
    });
    try {
      makePart(target, this.beneath);
      const isAsWritten = copyIntoPart(this.fs, side.place, target, runs);
      // Another program may have written into the side file: the moved bytes are hashed before the naming.
      if (!isAsWritten) this.doubt(stored);
    } finally {
      stored.seen = target.seen;
    }
    for (const pieceIndex of held) this.unforced.add(stored, pieceIndex);
    this.#held.delete(file.index);
    this.onPlaced(stored);
  }

  /** Makes the files of these places that do not exist yet. */
  make(places: readonly Place[]): void {
    for (const { file, at } of places) if (file !== undefined) makePart(at, this.beneath);
  }

  /**
   * The file's last byte is verified: gives it its final name, unless another file has that name. `doubtful`:
   * another program has written into it. `isChecked`: it was hashed since.
   */
  finish(stored: StoredFile, isChecked = false): 'named' | 'doubtful' {
    if (stored.state !== 'part') return 'named';
    if (!isChecked && (stored.doubts ?? 0) > 0) return 'doubtful';
    if (stored.file.bytes === 0) makePart(stored, this.beneath);
    try {
      const how = { replaces: stored.replaces, isChecked };
      const outcome = namePart(stored, stored.file.bytes, this.beneath!, how);
      if (outcome === 'named') this.onPlaced(stored);
      return outcome;
    } catch (error) {
      if (isUnforced(error)) this.onSyncFailed(stored, troubleOf(error));
      throw error;
    }
  }
}
