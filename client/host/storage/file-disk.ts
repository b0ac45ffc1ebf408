/**
 * The disk port on real files: blocks are read ahead (block-reader.ts), finished pieces are hashed and written by
 * worker threads (storage-pool.ts), and a file gets its name when its last byte is stored (torrent-files.ts).
 *
 * Invariant: a file is written only by verified pieces, and only in state 'part'.
 */
import type { Block, PieceIndex } from '../../../torrents/geometry.ts';
import type {
  ConnectionId,
  DiskTrouble,
  PieceBuffer,
  PieceMemory,
  ReadId,
  TorrentId,
} from '../../engine/contract.ts';
import { ContentWatch } from '../content/content-watch.ts';
import { DescriptorPool, type Pin } from '../disk/descriptor-pool.ts';
import { isAboutFiles, isAnother, troubleOf } from '../disk/disk-errors.ts';
import { sameFile, sameStamp } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { openKnown, stampOfOpen } from '../disk/part-file.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise, type Steps, waitFor } from '../disk/steps.ts';
import { SyncQueue } from '../disk/sync-queue.ts';
import { realTimers, type Timers } from '../disk/timers.ts';
import type { Disk, FactSink } from '../ports.ts';
import { failuresOf, isWholeWith, noteWritten, syncFailed } from '../resume/written-places.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import { BlockReader, extentBytes } from './block-reader.ts';
import { isAsSeen } from './served-files.ts';
import type { SharedPieceBuffer } from './shared-piece-memory.ts';
import type { StorageJobs, StoreResult, StoreSegment } from './storage-job.ts';
import { type Place, type StoredFile, sideKey } from './torrent-files.ts';

/** Files of one piece that are kept open while it is written. */
const pinnedFilesMax = 8;

/** A piece on its way: where it goes, and which files these were when it left. */
interface Storing {
  readonly places: readonly Place[];
  readonly segments: readonly StoreSegment[];
  /** Of each file, the failed fsyncs before. */
  readonly failures: readonly number[];
}

export class FileDisk implements Disk {
  readonly #torrents = new Map<TorrentId, StoredTorrent>();
  readonly #magnets = new Map<TorrentId, (infoBytes: Uint8Array) => boolean>();
  readonly #descriptors: DescriptorPool;
  readonly #reader = new BlockReader();
  readonly #pool: StorageJobs;
  readonly #memory: PieceMemory;
  readonly #sink: FactSink;
  readonly #fs: FileSystem;
  readonly #syncs: SyncQueue;
  /** Looks after what is stored. */
  readonly watch: ContentWatch;

  constructor(
    memory: PieceMemory,
    pool: StorageJobs,
    sink: FactSink,
    fs: FileSystem = realFiles,
    timers: Timers = realTimers,
  ) {
    this.#memory = memory;
    this.#pool = pool;
    this.#syncs = new SyncQueue(pool);
    this.#sink = sink;
    this.#fs = fs;
    this.#descriptors = new DescriptorPool(fs, (key, error) => {
      const [torrent, name] = key.split('/');
      this.#torrents.get(Number(torrent))?.files.onCloseFailed(name!, troubleOf(error));
    });
    const forget = (at: TorrentId, key: string) => this.#descriptors.forget(`${at}/${key}`);
    this.watch = new ContentWatch({ sink, pool, timers, forget });
  }

  /** `isSeeding`: it is complete, and its files are only read. */
  add(stored: StoredTorrent, isSeeding = false): void {
    this.#torrents.set(stored.torrent, stored);
    this.watch.add(stored, isSeeding);
    stored.journal?.onMissing(() => this.watch.suspect(stored.torrent));
    stored.files.onUnforced = (at, pieces, trouble) => {
      const isWatched = this.watch.onUnforced(stored.torrent, at, pieces, trouble);
      if (!isWatched) stored.journal?.onUnsure(pieces);
    };
  }

  remove(torrent: TorrentId): void {
    this.watch.remove(torrent);
    for (const file of this.#torrents.get(torrent)?.files.files ?? []) {
      if (file !== undefined) this.#descriptors.forget(descriptorKey(torrent, file));
    }
    this.#descriptors.forget(`${torrent}/${sideKey}`);
    this.#torrents.delete(torrent);
    this.#magnets.delete(torrent);
  }

  /** What the magnet link says of the info dictionary. */
  expectMetadata(torrent: TorrentId, isRight: (infoBytes: Uint8Array) => boolean): void {
    this.#magnets.set(torrent, isRight);
  }

  checkMetadata(torrent: TorrentId, connection: ConnectionId, bytes: Uint8Array): void {
    const isRight = this.#magnets.get(torrent)?.(bytes) ?? false;
    this.#sink({ type: 'metadata-checked', torrent, connection, isRight });
  }

  /** Nothing is read or written any more. */
  stop(): Promise<void> {
    return asPromise(this.stopping());
  }

  *stopping(): Steps<void> {
    this.watch.stop();
    yield* waitFor(this.#pool.stop());
    this.#descriptors.closeAll();
  }

  readBlock(torrent: TorrentId, read: ReadId, block: Block): void {
    const stored = this.#torrents.get(torrent);
    if (stored === undefined) return;
    const { geometry } = stored;
    const pieceOffset = geometry.pieceOffset(block.pieceIndex);
    const extentStart = block.begin - (block.begin % extentBytes);
    // A request that no sane client makes lies across two extents: it is read for itself.
    const spans = block.begin + block.bytes > extentStart + extentBytes;
    const start = spans ? block.begin : extentStart;
    const bytes = spans ? block.bytes : Math.min(extentBytes, geometry.pieceSpan(block.pieceIndex) - start);
    const key = `${torrent}:${stored.files.version(block.pieceIndex)}`;
    this.#reader.read(key, pieceOffset + start, bytes, this.#readExtent(stored), (extent, trouble) => {
      if (extent !== undefined) {
        const at = block.begin - start;
        const bytes = extent.subarray(at, at + block.bytes);
        this.#reader.lend(bytes);
        this.#sink({ type: 'block-read', torrent, read, bytes });
      } else if (trouble !== undefined) {
        this.watch.suspect(torrent);
        this.#sink({ type: 'block-unreadable', torrent, read, trouble });
      }
    });
  }

  /** A block that was read has left: its memory may be used again. */
  readonly onBlockSent = (bytes: Uint8Array): void => this.#reader.giveBack(bytes);

  storePiece(torrent: TorrentId, pieceIndex: PieceIndex, buffer: PieceBuffer, wantDigests: boolean): void {
    const stored = this.#torrents.get(torrent);
    if (stored === undefined) return this.#memory.release(buffer);
    const { files } = stored;
    const expected = stored.expected(pieceIndex);
    const pins: Pin[] = [];
    let storing: Storing;
    try {
      storing = this.#prepare(stored, pieceIndex, pins);
    } catch (error) {
      this.#unpin(pins);
      this.#memory.release(buffer);
      return this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble: troubleOf(error) });
    }
    const { places, segments } = storing;
    const { view, inArena } = buffer as SharedPieceBuffer;
    const piece = { shared: view.buffer, offset: view.byteOffset, bytes: view.length, inArena };
    files.writes.onWriting(places);
    this.#pool.run({ piece, expected, segments, wantDigests }, (result) => {
      this.#unpin(pins);
      this.#memory.release(buffer);
      const isOver = files.writes.onNaming();
      files.writes.onWritten(places);
      this.#onResult(stored, pieceIndex, storing, result);
      isOver();
    });
  }

  /** Files that have all their bytes already get their names: those of length 0, and those completed before. */
  finishComplete(torrent: TorrentId): void {
    const { files } = this.#torrents.get(torrent)!.files;
    for (const file of files) if (file?.missingBytes === 0) this.#finish(torrent, file);
  }

  /** A file that is not where it was is found out here: what was stored of it is lost, and the piece goes into a new one. */
  #prepare(stored: StoredTorrent, pieceIndex: PieceIndex, pins: Pin[]): Storing {
    try {
      return this.#open(stored, pieceIndex, pins);
    } catch (error) {
      if (!isAboutFiles(troubleOf(error))) throw error;
      this.#unpin(pins.splice(0));
      this.watch.lookNow(stored.torrent);
      return this.#open(stored, pieceIndex, pins);
    }
  }

  #open(stored: StoredTorrent, pieceIndex: PieceIndex, pins: Pin[]): Storing {
    const places = stored.files.placesOf(pieceIndex);
    stored.files.make(places);
    const segments: StoreSegment[] = [];
    for (const place of places) {
      if (place.file === undefined) continue;
      const { position, bytes, offset } = place;
      const { state, finalPath, partPath, seen } = place.at;
      // A piece over many small files would need as many descriptors: those it opens one after the other.
      const descriptor = places.length <= pinnedFilesMax ? this.#pin(stored, place, pins) : undefined;
      if (descriptor !== undefined) this.#lookForOthers(stored, place, descriptor);
      segments.push({ file: { state, finalPath, partPath, seen }, descriptor, position, bytes, offset });
    }
    return { places, segments, failures: failuresOf(stored.files, places) };
  }

  /** Nothing of ours is being written into this file: when it looks otherwise than after our last write, others wrote. */
  #lookForOthers({ torrent, files }: StoredTorrent, { file, at, isAside }: Place, descriptor: number): void {
    if (file === undefined || at.state !== 'part' || files.writes.isWriting(isAside ? at : file)) return;
    if (sameStamp(stampOfOpen(this.#fs, descriptor), at.seen)) return;
    if (isAside) files.doubtSide();
    else this.watch.doubtPart(torrent, file);
  }

  #onResult(
    stored: StoredTorrent,
    pieceIndex: PieceIndex,
    { places, segments, failures }: Storing,
    result: StoreResult,
  ): void {
    const { torrent, files, geometry } = stored;
    if (result.outcome === 'corrupt') {
      return this.#sink({ type: 'piece-corrupt', torrent, pieceIndex, digests: result.digests });
    }
    const refuse = (trouble: DiskTrouble) =>
      this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble });
    const real = places.filter(({ file }) => file !== undefined);
    noteWritten(real, result.stamps);
    if (result.outcome === 'failed') {
      this.watch.suspect(torrent);
      return refuse({ code: result.code, message: result.message });
    }
    // It was written into a file that was lost at the same time.
    const lost = real.find(({ at }, i) => !sameFile(at.seen, segments[i]!.file.seen));
    if (lost !== undefined) return refuse(troubleOf(isAnother(lost.at.partPath)));
    // It was written before an fsync failed: it may have been thrown away.
    const isDropped = () => failuresOf(files, real).some((count, i) => count !== failures[i]);
    if (isDropped()) return refuse(syncFailed(real[0]!.at));
    const touched = real.map(({ file }) => file!);
    const finish = (act: () => void) => {
      try {
        act();
        for (const file of touched) if (file.missingBytes === 0) this.#finish(torrent, file);
      } catch (error) {
        // The piece will come again: what it was counted for is taken back.
        files.losePieces([pieceIndex]);
        this.watch.lookNow(torrent);
        return refuse(troubleOf(error));
      }
      stored.journal?.onStored(pieceIndex, touched, geometry.pieceBytes(pieceIndex));
      const digests = result.digests === undefined ? {} : { digests: result.digests };
      this.#sink({ type: 'piece-stored', torrent, pieceIndex, ...digests });
    };
    const forced = new Set<StoredFile>();
    const goOn = (): void => {
      const whole = touched.filter(
        (file) => file.state === 'part' && !forced.has(file) && isWholeWith(file, real),
      );
      if (whole.length === 0) return finish(() => files.onStored(pieceIndex, places, forced));
      // Until it is stored, a check of its files does not read this piece.
      files.writes.onWriting(places);
      this.#syncs.force(files, whole, (trouble) => {
        files.writes.onWritten(places);
        if (trouble !== undefined) {
          this.watch.suspect(torrent);
          return refuse(trouble);
        }
        const gone = real.find(({ at }, i) => !sameFile(at.seen, segments[i]!.file.seen));
        if (gone !== undefined) return refuse(troubleOf(isAnother(gone.at.partPath)));
        if (isDropped()) return refuse(syncFailed(real[0]!.at));
        for (const file of whole) forced.add(file);
        // Another piece may have been stored by now that a file of this one waited for.
        goOn();
      });
    };
    goOn();
  }

  #finish(torrent: TorrentId, file: StoredFile): void {
    if (file.state !== 'part') return;
    // On Windows an open file cannot be renamed; elsewhere this costs one more open.
    this.#descriptors.forget(descriptorKey(torrent, file));
    const named = this.#torrents.get(torrent)?.files.finish(file);
    if (named === 'doubtful') this.watch.doubt(torrent, file);
  }

  /** Reads one extent, file by file; pads are zeros, and so is the gap behind a file.  BEP 47 52 */
  #readExtent(stored: StoredTorrent) {
    return (offset: number, target: Uint8Array, done: (trouble: DiskTrouble | undefined) => void): void => {
      const pins: Pin[] = [];
      const finish = (trouble: DiskTrouble | undefined) => {
        this.#unpin(pins);
        done(trouble);
      };
      const places = stored.files.places(offset, target.length);
      const last = places.at(-1);
      target.fill(0, last === undefined ? 0 : last.offset + last.bytes);
      const next = (i: number): void => {
        const place = places[i];
        if (place === undefined) return finish(undefined);
        const into = target.subarray(place.offset, place.offset + place.bytes);
        if (place.file === undefined) {
          into.fill(0);
          return next(i + 1);
        }
        let descriptor: number;
        try {
          descriptor = this.#pin(stored, place, pins);
        } catch (error) {
          return finish(troubleOf(error));
        }
        const { file } = place;
        this.#fs.readLater(descriptor, into, place.position, (error, count) => {
          const isSame = error !== null || place.isAside || isAsSeen(this.#fs, file, descriptor);
          this.#unpin(pins.splice(0));
          if (error !== null) return finish(troubleOf(error));
          if (count < into.length) {
            return finish({
              code: 'ESHORT',
              message: `${place.at.finalPath} is shorter than the torrent says`,
            });
          }
          if (!isSame) {
            const message = `${place.at.finalPath} has changed since it was checked: it is not what the torrent describes`;
            return finish({ code: 'ECHANGED', message });
          }
          next(i + 1);
        });
      };
      next(0);
    };
  }

  #pin(stored: StoredTorrent, { key, at }: Place, pins: Pin[]): number {
    const pin = this.#descriptors.pin(`${stored.torrent}/${key}`, () => openKnown(this.#fs, at));
    pins.push(pin);
    return pin.descriptor;
  }

  #unpin(pins: readonly Pin[]): void {
    for (const pin of pins) this.#descriptors.unpin(pin);
  }
}

function descriptorKey(torrent: TorrentId, file: StoredFile): string {
  return `${torrent}/${file.file.index}`;
}
