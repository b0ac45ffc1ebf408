/**
 * The files of one torrent on this disk: where each lies, what state it is in, and which of its pieces are
 * stored.
 *
 *   side ──wanted──▶ part ──last byte──▶ final        foreign: it was there before us, complete; read, compared,
 *     ▲                │ ▲                 │                    never written
 *     └──not begun, ───┘ └──────lost───────┘
 *        not wanted any more
 *
 * A file under way is `NAME.part` in its final place and gets its name when its last byte is verified. One
 * that is not wanted is not there at all: what comes of it lies in the side file (side-file.ts). An earlier
 * version's file keeps its name until then, and is replaced at once.
 *
 * Invariant: a piece is stored when it was written into files that have not been lost since (`seen`). Left to
 * others: how a file is opened, made and named (part-file.ts), and when its place is looked at
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

/** What a download has beside its files. A seed only reads. */
export interface DownloadPlace {
  readonly beneath: Beneath;
  readonly sideFile: (rootPath: string) => SideFile;
}

export class TorrentFiles {
  /** By file index; undefined for pads, which are never on disk.  BEP 47 */
  readonly files: readonly (StoredFile | undefined)[];
  readonly layout: FileLayout;
  readonly geometry: Geometry;
  /** Where the torrent's own folder or file lies. */
  readonly rootPath: string;
  readonly side: SideFile | undefined;
  /** Where all of it lies. */
  readonly fs: FileSystem;
  readonly beneath: Beneath | undefined;
  readonly unforced = new UnforcedPieces();
  readonly writes = new WritesUnderWay();
  /** Told of a file that has its name from now on, or parts of it from the side file: that is not on the disk yet. */
  onPlaced: (stored: StoredFile) => void = () => {};
  /** Told of pieces that a failed fsync may have cost. */
  onUnforced: (at: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble) => void = () => {};
  readonly #stored: Uint8Array;
  /** How often a piece was lost. */
  readonly #losses = new Map<PieceIndex, number>();
  /** Pieces of which a file's part lies in the side file, by file index. */
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

  /** Every file has its name. */
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

  /** Where a file lies now, whole or in part. */
  pathOf(stored: StoredFile): string {
    if (stored.state === 'side') return this.side!.path;
    return stored.state === 'part' ? stored.partPath : stored.finalPath;
  }

  /** What lies there, as it looked when we last wrote it or found it right. */
  seen(stored: StoredFile): FileStamp | undefined {
    return stored.state === 'side' ? this.side?.place.seen : stored.seen;
  }

  has(pieceIndex: PieceIndex): boolean {
    return hasPiece(this.#stored, pieceIndex);
  }

  /** Another one when the piece has been lost since, or stored again: what was read before is not what lies there now. */
  version(pieceIndex: PieceIndex): number {
    return 2 * (this.#losses.get(pieceIndex) ?? 0) + (this.has(pieceIndex) ? 1 : 0);
  }

  /** This piece has been verified, and lies in these places. `forced`: files in which it is on the disk. */
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

  /** Pieces that lie in this file, wholly or in part, and are stored. */
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

  /** Its fsync has failed. */
  onSyncFailed(at: DiskFile, trouble: DiskTrouble): void {
    const pieces = this.unforced.onFailed(at).filter((pieceIndex) => this.has(pieceIndex));
    this.onUnforced(at, pieces, trouble);
  }

  /** What was written may be lost, as after an fsync that failed. `key`: as in Place. */
  onCloseFailed(key: string, trouble: DiskTrouble): void {
    const at = key === sideKey ? this.side?.place : this.files[Number(key)];
    if (at !== undefined) this.onSyncFailed(at, trouble);
  }

  /** Another program may have written into it: it is read before it gets its name. */
  doubt(stored: StoredFile): void {
    stored.doubts = (stored.doubts ?? 0) + 1;
  }

  /** Others have written into the side file: what comes home from there is hashed before its file gets its name. */
  doubtSide(): void {
    for (const index of this.#held.keys()) this.doubt(this.files[index]!);
  }

  /** What lies in the system as one file. */
  opened(stored: StoredFile): DiskFile {
    return stored.state === 'side' ? this.side!.place : stored;
  }

  /** These pieces are on the disk no more, or not whole. */
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

  /** The file is not in its place any more. Answers the pieces that are lost with it. */
  lose(stored: StoredFile): PieceIndex[] {
    const pieces = this.storedIn(stored);
    this.losePieces(pieces);
    stored.lost = stored.seen;
    stored.seen = undefined;
    stored.doubts = 0;
    stored.state = stored.isWanted || this.side === undefined ? 'part' : 'side';
    return pieces;
  }

  /** The side file is not in its place any more. */
  loseSide(): PieceIndex[] {
    const pieces = [...new Set([...this.#held.values()].flatMap((held) => [...held]))].filter((i) =>
      this.has(i),
    );
    this.losePieces(pieces);
    this.#held.clear();
    Object.assign(this.side!.place, { lost: this.side!.place.seen, seen: undefined });
    return pieces;
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
      const isBegun = stored.missingBytes < stored.file.bytes || this.writes.isWriting(stored);
      if (!isBegun && stored.seen === undefined) stored.state = 'side';
    }
    stored.isWanted = isWanted;
  }

  /** The torrent ends. What the side file holds is kept for the next time, if there is to be one. */
  tidy(isLast: boolean): void {
    const held = [...this.#held.values()].reduce((count, { size }) => count + size, 0);
    if (this.side === undefined || (!isLast && held > 0)) return;
    if (this.beneath !== undefined) removeOwn(this.side.place, this.beneath);
  }

  /** At most two pieces a file, so that nobody waits for it. */
  #bringHome(stored: StoredFile): void {
    const held = this.#held.get(stored.file.index);
    if (held === undefined || held.size === 0) return;
    const side = this.side!;
    const { file, finalPath, partPath, seen, lost } = stored;
    // Its state changes when it is home: until then it is what it was.
    const target: DiskFile = { finalPath, partPath, state: 'part', seen, lost };
    const runs = [...held].map((pieceIndex) => {
      const [from, to] = side.rangeIn(pieceIndex, file);
      return { source: side.positionOf(from)!, target: from - file.offset, bytes: to - from };
    });
    try {
      makePart(target, this.beneath);
      const isAsWritten = copyIntoPart(this.fs, side.place, target, runs);
      // Others have written into the side file, or we at this moment: what came from there is hashed before the file gets
      // its name.
      if (!isAsWritten) this.doubt(stored);
    } finally {
      stored.seen = target.seen;
    }
    for (const pieceIndex of held) this.unforced.add(stored, pieceIndex);
    this.#held.delete(file.index);
    this.onPlaced(stored);
  }

  /** Makes what does not exist yet of these places. */
  make(places: readonly Place[]): void {
    for (const { file, at } of places) if (file !== undefined) makePart(at, this.beneath);
  }

  /**
   * Its last byte is verified: it gets its name, unless something else has taken it. `doubtful`: another
   * program has written into it; `isChecked`: it was hashed since.
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
