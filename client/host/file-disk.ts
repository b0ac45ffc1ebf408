/**
 * The disk port on real files: blocks are read ahead (block-reader.ts), finished pieces are hashed and written by
 * worker threads (storage-pool.ts), and a file gets its name when its last byte is stored (torrent-files.ts).
 *
 * Invariant: a file is written only by verified pieces, and only in state 'part'.
 */
import fs from 'node:fs';
import type { Block, Geometry, PieceIndex } from '../../torrents/geometry.ts';
import type {
  ConnectionId,
  DiskTrouble,
  PieceBuffer,
  PieceMemory,
  ReadId,
  TorrentId,
} from '../engine/contract.ts';
import { BlockReader, extentBytes } from './block-reader.ts';
import { DescriptorPool } from './descriptor-pool.ts';
import type { Disk, FactSink } from './ports.ts';
import type { ResumeJournal } from './resume-journal.ts';
import { ServedFiles } from './served-files.ts';
import type { SharedPieceBuffer } from './shared-piece-memory.ts';
import type { StoragePool } from './storage-pool.ts';
import type { ExpectedHashes, StoreResult, StoreSegment } from './storage-worker.ts';
import { openStored, type Place, type StoredFile, sideKey, type TorrentFiles } from './torrent-files.ts';

export interface StoredTorrent {
  readonly torrent: TorrentId;
  readonly geometry: Geometry;
  readonly files: TorrentFiles;
  readonly expected: (pieceIndex: PieceIndex) => ExpectedHashes;
  /** Told of every stored piece, so that the next start need not hash it. */
  readonly journal?: ResumeJournal;
}

/** Files of one piece that are kept open while it is written. */
const pinnedFilesMax = 8;

interface Pinned {
  readonly key: string;
  readonly descriptor: number;
}

export class FileDisk implements Disk {
  readonly #torrents = new Map<TorrentId, StoredTorrent>();
  readonly #magnets = new Map<TorrentId, (infoBytes: Uint8Array) => boolean>();
  readonly #descriptors = new DescriptorPool();
  readonly #reader = new BlockReader();
  readonly #served = new ServedFiles();
  readonly #pool: StoragePool;
  readonly #memory: PieceMemory;
  readonly #sink: FactSink;

  constructor(memory: PieceMemory, pool: StoragePool, sink: FactSink) {
    this.#memory = memory;
    this.#pool = pool;
    this.#sink = sink;
  }

  add(stored: StoredTorrent): void {
    this.#torrents.set(stored.torrent, stored);
  }

  remove(torrent: TorrentId): void {
    const stored = this.#torrents.get(torrent);
    this.#torrents.delete(torrent);
    this.#magnets.delete(torrent);
    for (const file of stored?.files.files ?? []) {
      if (file !== undefined) this.#descriptors.forget(descriptorKey(torrent, file));
    }
    this.#descriptors.forget(`${torrent}/${sideKey}`);
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
  async stop(): Promise<void> {
    await this.#pool.stop();
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
    this.#reader.read(torrent, pieceOffset + start, bytes, this.#readExtent(stored), (extent, trouble) => {
      if (extent !== undefined) {
        const at = block.begin - start;
        const bytes = extent.subarray(at, at + block.bytes);
        this.#reader.lend(bytes);
        this.#sink({ type: 'block-read', torrent, read, bytes });
      } else if (trouble !== undefined) {
        this.#sink({ type: 'block-unreadable', torrent, read, trouble });
      }
    });
  }

  /** A block that was read has left: its memory may be used again. */
  readonly onBlockSent = (bytes: Uint8Array): void => this.#reader.giveBack(bytes);

  storePiece(torrent: TorrentId, pieceIndex: PieceIndex, buffer: PieceBuffer, wantDigests: boolean): void {
    const stored = this.#torrents.get(torrent);
    if (stored === undefined) return this.#memory.release(buffer);
    const { geometry, files } = stored;
    const expected = stored.expected(pieceIndex);
    const places = files.places(geometry.pieceOffset(pieceIndex), buffer.bytes);
    const pinned: Pinned[] = [];
    let jobs: StoreSegment[];
    try {
      jobs = this.#storeSegments(stored, places, pinned);
    } catch (error) {
      this.#unpin(pinned);
      this.#memory.release(buffer);
      return this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble: troubleOf(error) });
    }
    const { view, inArena } = buffer as SharedPieceBuffer;
    const piece = { shared: view.buffer, offset: view.byteOffset, bytes: view.length, inArena };
    files.onWriting(places);
    this.#pool.run({ piece, expected, segments: jobs, wantDigests }, (result) => {
      this.#unpin(pinned);
      this.#memory.release(buffer);
      files.onWritten(places);
      this.#onResult(stored, pieceIndex, places, result);
    });
  }

  /** Files that have all their bytes already get their names: those of length 0, and those completed before. */
  finishComplete(torrent: TorrentId): void {
    const { files } = this.#torrents.get(torrent)!.files;
    for (const file of files) if (file?.missingBytes === 0) this.#finish(torrent, file);
  }

  #onResult(
    stored: StoredTorrent,
    pieceIndex: PieceIndex,
    places: readonly Place[],
    result: StoreResult,
  ): void {
    const { torrent, files } = stored;
    if (result.outcome === 'corrupt') {
      return this.#sink({ type: 'piece-corrupt', torrent, pieceIndex, digests: result.digests });
    }
    if (result.outcome === 'failed') {
      const trouble = { code: result.code, message: result.message };
      return this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble });
    }
    let counted = 0;
    try {
      for (const { file, bytes, isAside } of places) {
        counted += 1;
        if (file === undefined) continue;
        file.missingBytes -= bytes;
        if (isAside) files.hold(file, pieceIndex);
        if (file.missingBytes === 0) this.#finish(torrent, file);
      }
    } catch (error) {
      // The piece will come again: what it was counted for is taken back.
      for (const { file, bytes } of places.slice(0, counted)) {
        if (file !== undefined) file.missingBytes += bytes;
      }
      return this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble: troubleOf(error) });
    }
    const touched = places.map(({ file }) => file).filter((file) => file !== undefined);
    stored.journal?.onStored(pieceIndex, touched, stored.geometry.pieceBytes(pieceIndex));
    const digests = result.digests === undefined ? {} : { digests: result.digests };
    this.#sink({ type: 'piece-stored', torrent, pieceIndex, ...digests });
  }

  #finish(torrent: TorrentId, file: StoredFile): void {
    if (file.state !== 'part') return;
    // On Windows an open file cannot be renamed; elsewhere this costs one more open.
    this.#descriptors.forget(descriptorKey(torrent, file));
    this.#torrents.get(torrent)?.files.finish(file);
  }

  #storeSegments(stored: StoredTorrent, places: readonly Place[], pinned: Pinned[]): StoreSegment[] {
    const jobs: StoreSegment[] = [];
    for (const place of places) {
      if (place.file === undefined) continue;
      const { position, bytes, offset } = place;
      const { state, finalPath, partPath } = place.at;
      // A piece over many small files would need as many descriptors: those it opens one after the other.
      const descriptor = places.length <= pinnedFilesMax ? this.#pin(stored, place, pinned) : undefined;
      jobs.push({ file: { state, finalPath, partPath }, descriptor, position, bytes, offset });
    }
    return jobs;
  }

  /** Reads one extent, file by file; pads are zeros, and so is the gap behind a file.  BEP 47 52 */
  #readExtent(stored: StoredTorrent) {
    return (offset: number, target: Uint8Array, done: (trouble: DiskTrouble | undefined) => void): void => {
      const pinned: Pinned[] = [];
      const finish = (trouble: DiskTrouble | undefined) => {
        this.#unpin(pinned);
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
          descriptor = this.#pin(stored, place, pinned);
        } catch (error) {
          return finish(troubleOf(error));
        }
        const { file } = place;
        fs.read(descriptor, into, 0, into.length, place.position, (error, count) => {
          const isSame = error !== null || place.isAside || this.#served.isUnchanged(file, descriptor);
          this.#unpin(pinned.splice(0));
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

  #pin(stored: StoredTorrent, place: Place, pinned: Pinned[]): number {
    const key = `${stored.torrent}/${place.key}`;
    const descriptor = this.#descriptors.pin(key, () => openStored(place.at));
    pinned.push({ key, descriptor });
    return descriptor;
  }

  #unpin(pinned: readonly Pinned[]): void {
    for (const { key, descriptor } of pinned) this.#descriptors.unpin(key, descriptor);
  }
}

function descriptorKey(torrent: TorrentId, file: StoredFile): string {
  return `${torrent}/${file.file.index}`;
}

function troubleOf(error: unknown): DiskTrouble {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  return { code, message };
}
