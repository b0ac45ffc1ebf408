/**
 * The disk port on real files. Blocks are read ahead (block-reader.ts), finished pieces are hashed and
 * written by worker threads (storage-pool.ts), and a file gets its final name when its last byte is stored
 * (torrent-files.ts).
 *
 * Invariant: a file is written only with verified pieces, and only in state 'part'.
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
import type { Pin } from '../disk/descriptor-pool.ts';
import { isAboutFiles, isAnother, troubleOf } from '../disk/disk-errors.ts';
import { sameFile, sameStamp } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { stampOfOpen } from '../disk/part-file.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise, type Steps, waitFor } from '../disk/steps.ts';
import { SyncQueue } from '../disk/sync-queue.ts';
import { realTimers, type Timers } from '../disk/timers.ts';
import type { Disk, FactSink } from '../ports.ts';
import { failuresOf, isWholeWith, noteWritten, syncFailed } from '../resume/written-places.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import { BlockReader, extentBytes } from './block-reader.ts';
import { OpenFiles } from './open-files.ts';
import type { SharedPieceBuffer } from './shared-piece-memory.ts';
import type { StorageJobs, StoreResult, StoreSegment } from './storage-job.ts';
import { type Place, type StoredFile, sideKey } from './stored-file.ts';

/** A piece over at most this many files keeps them all open while it is written. */
const pinnedFilesMax = 8;

/** A piece that is being stored, and its files as they were when the job started. */
interface Storing {
  readonly places: readonly Place[];
  readonly segments: readonly StoreSegment[];
  /** For each file, how many of its fsyncs had failed before. */
  readonly failures: readonly number[];
}

export class FileDisk implements Disk {
  readonly #torrents = new Map<TorrentId, StoredTorrent>();
  readonly #magnets = new Map<TorrentId, (infoBytes: Uint8Array) => boolean>();
  readonly #open: OpenFiles;
  readonly #reader = new BlockReader();
  readonly #pool: StorageJobs;
  readonly #memory: PieceMemory;
  readonly #sink: FactSink;
  readonly #fs: FileSystem;
  readonly #syncs: SyncQueue;
  /** Watches the stored files for changes by other programs. */
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
    this.#open = new OpenFiles(fs, (torrent, key, trouble) => {
      this.#torrents.get(torrent)?.files.onCloseFailed(key, trouble);
    });
    this.watch = new ContentWatch({ sink, pool, timers, forget: this.#open.forget });
  }

  /** `isSeeding`: the torrent is complete, and its files are only read. */
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
      if (file !== undefined) this.#open.forget(torrent, `${file.file.index}`);
    }
    this.#open.forget(torrent, sideKey);
    this.#torrents.delete(torrent);
    this.#magnets.delete(torrent);
  }

  /** `isRight`: whether an info dictionary has the info-hash of the magnet link. */
  expectMetadata(torrent: TorrentId, isRight: (infoBytes: Uint8Array) => boolean): void {
    this.#magnets.set(torrent, isRight);
  }

  checkMetadata(torrent: TorrentId, connection: ConnectionId, bytes: Uint8Array): void {
    const isRight = this.#magnets.get(torrent)?.(bytes) ?? false;
    this.#sink({ type: 'metadata-checked', torrent, connection, isRight });
  }

  /** After this, nothing is read or written. */
  stop(): Promise<void> {
    return asPromise(this.stopping());
  }

  *stopping(): Steps<void> {
    this.watch.stop();
    yield* waitFor(this.#pool.stop());
    this.#open.closeAll();
  }

  readBlock(torrent: TorrentId, read: ReadId, block: Block): void {
    const stored = this.#torrents.get(torrent);
    if (stored === undefined) return;
    const { geometry } = stored;
    const pieceOffset = geometry.pieceOffset(block.pieceIndex);
    const extentStart = block.begin - (block.begin % extentBytes);
    // A block over two extents, which no usual client requests, gets a read of its own.
    const spans = block.begin + block.bytes > extentStart + extentBytes;
    const start = spans ? block.begin : extentStart;
    const bytes = spans ? block.bytes : Math.min(extentBytes, geometry.pieceSpan(block.pieceIndex) - start);
    const key = `${torrent}:${stored.files.version(block.pieceIndex)}`;
    this.#reader.read(key, pieceOffset + start, bytes, this.#open.readExtent(stored), (extent, trouble) => {
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

  /** A block that was read has been sent: its memory may be reused. */
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
      this.#open.unpin(pins);
      this.#memory.release(buffer);
      return this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble: troubleOf(error) });
    }
    const { places, segments } = storing;
    const { view, inArena } = buffer as SharedPieceBuffer;
    const piece = { shared: view.buffer, offset: view.byteOffset, bytes: view.length, inArena };
    files.writes.onWriting(places);
    this.#pool.run({ piece, expected, segments, wantDigests }, (result) => {
      this.#open.unpin(pins);
      this.#memory.release(buffer);
      const isOver = files.writes.onNaming();
      files.writes.onWritten(places);
      this.#onResult(stored, pieceIndex, storing, result);
      isOver();
    });
  }

  /**
   * Gives files that already have all their bytes their final names: empty files, and files completed
   * earlier.
   */
  finishComplete(torrent: TorrentId): void {
    const { files } = this.#torrents.get(torrent)!.files;
    for (const file of files) if (file?.missingBytes === 0) this.#finish(torrent, file);
  }

  /**
   * A file that is missing from its place is noticed here: its stored pieces are lost, and this piece goes
   * into a new file.
   */
  #prepare(stored: StoredTorrent, pieceIndex: PieceIndex, pins: Pin[]): Storing {
    try {
      return this.#openAll(stored, pieceIndex, pins);
    } catch (error) {
      if (!isAboutFiles(troubleOf(error))) throw error;
      this.#open.unpin(pins.splice(0));
      this.watch.lookNow(stored.torrent);
      return this.#openAll(stored, pieceIndex, pins);
    }
  }

  #openAll(stored: StoredTorrent, pieceIndex: PieceIndex, pins: Pin[]): Storing {
    const places = stored.files.placesOf(pieceIndex);
    stored.files.make(places);
    const segments: StoreSegment[] = [];
    for (const place of places) {
      if (place.file === undefined) continue;
      const { position, bytes, offset } = place;
      const { state, finalPath, partPath, seen } = place.at;
      // A piece over many small files would need too many descriptors: its files are opened one after the
      // other.
      const descriptor = places.length <= pinnedFilesMax ? this.#open.pin(stored, place, pins) : undefined;
      if (descriptor !== undefined) this.#lookForOthers(stored, place, descriptor);
      segments.push({ file: { state, finalPath, partPath, seen }, descriptor, position, bytes, offset });
    }
    return { places, segments, failures: failuresOf(stored.files, places) };
  }

  /**
   * No write of ours is under way, so a stamp that differs from the one after our last write means that
   * another program wrote.
   */
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
    // The file that the piece was written into was lost in the meantime.
    const lost = real.find(({ at }, i) => !sameFile(at.seen, segments[i]!.file.seen));
    if (lost !== undefined) return refuse(troubleOf(isAnother(lost.at.partPath)));
    // An fsync failed after the piece was written: the kernel may have dropped its bytes.
    const isDropped = () => failuresOf(files, real).some((count, i) => count !== failures[i]);
    if (isDropped()) return refuse(syncFailed(real[0]!.at));
    const touched = real.map(({ file }) => file!);
    const finish = (act: () => void) => {
      try {
        act();
        for (const file of touched) if (file.missingBytes === 0) this.#finish(torrent, file);
      } catch (error) {
        // The engine fetches the piece again, so it must not count as stored.
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
      // While the piece is not stored, a check of its files must not read it.
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
        // During the fsync another piece may have been stored, so that this one now completes one more file.
        goOn();
      });
    };
    goOn();
  }

  #finish(torrent: TorrentId, file: StoredFile): void {
    if (file.state !== 'part') return;
    // Windows cannot rename an open file; elsewhere this costs one more open.
    this.#open.forget(torrent, `${file.file.index}`);
    const named = this.#torrents.get(torrent)?.files.finish(file);
    if (named === 'doubtful') this.watch.doubt(torrent, file);
  }
}
