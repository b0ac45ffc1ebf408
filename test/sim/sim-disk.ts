/**
 * A disk in memory. Hashing and writing take virtual time; a piece is judged by comparing it with what the torrent's
 * author had, which is what a hash does.
 */
import { createHash } from 'node:crypto';
import type {
  ConnectionId,
  PieceBuffer,
  PieceMemory,
  ReadId,
  TorrentId,
} from '../../client/engine/contract.ts';
import type { Disk, FactSink } from '../../client/host/ports.ts';
import { type Block, blockBytesMax, type Geometry, type PieceIndex } from '../../torrents/geometry.ts';
import type { Scheduler } from './scheduler.ts';

/** Piece memory that counts what is out, so that a leak shows. */
export class SimMemory implements PieceMemory {
  outstanding = 0;

  allocate(bytes: number): SimBuffer {
    this.outstanding += 1;
    return new SimBuffer(bytes);
  }

  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void {
    (target as SimBuffer).content.set(source.subarray(from, to), offset);
  }

  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void {
    (target as SimBuffer).content.set((source as SimBuffer).content, offset);
  }

  release(buffer: PieceBuffer): void {
    if ((buffer as SimBuffer).released) throw new Error('a piece buffer is released once');
    (buffer as SimBuffer).released = true;
    this.outstanding -= 1;
  }
}

class SimBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly content: Uint8Array;
  released = false;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.content = new Uint8Array(bytes);
  }
}

interface Stored {
  readonly geometry: Geometry;
  /** What the author of the torrent had. */
  readonly truth: Uint8Array;
  /** What this host has. */
  readonly content: Uint8Array;
}

const readMs = 2;
const storeMs = 8;

export class SimDisk implements Disk {
  /** While set, every write fails with this code. */
  failing: string | undefined;
  readonly #torrents = new Map<TorrentId, Stored>();
  readonly #magnets = new Map<TorrentId, Uint8Array>();
  readonly #scheduler: Scheduler;
  readonly #memory: SimMemory;
  readonly #sink: FactSink;

  constructor(scheduler: Scheduler, memory: SimMemory, sink: FactSink) {
    this.#scheduler = scheduler;
    this.#memory = memory;
    this.#sink = sink;
  }

  add(torrent: TorrentId, geometry: Geometry, truth: Uint8Array, content: Uint8Array): void {
    this.#torrents.set(torrent, { geometry, truth, content });
  }

  content(torrent: TorrentId): Uint8Array {
    return this.#torrents.get(torrent)!.content;
  }

  /** The right info dictionary of a magnet. */
  expectMetadata(torrent: TorrentId, infoBytes: Uint8Array): void {
    this.#magnets.set(torrent, infoBytes);
  }

  checkMetadata(torrent: TorrentId, connection: ConnectionId, bytes: Uint8Array): void {
    const isRight = Buffer.compare(bytes, this.#magnets.get(torrent) ?? Buffer.alloc(0)) === 0;
    this.#scheduler.after(1, () => this.#sink({ type: 'metadata-checked', torrent, connection, isRight }));
  }

  readBlock(torrent: TorrentId, read: ReadId, block: Block): void {
    const { geometry, content } = this.#torrents.get(torrent)!;
    const from = geometry.pieceOffset(block.pieceIndex) + block.begin;
    const bytes = content.slice(from, from + block.bytes);
    this.#scheduler.after(readMs, () => this.#sink({ type: 'block-read', torrent, read, bytes }));
  }

  storePiece(torrent: TorrentId, pieceIndex: PieceIndex, buffer: PieceBuffer, wantDigests: boolean): void {
    this.#scheduler.after(storeMs, () => this.#store(torrent, pieceIndex, buffer as SimBuffer, wantDigests));
  }

  #store(torrent: TorrentId, pieceIndex: PieceIndex, buffer: SimBuffer, wantDigests: boolean): void {
    const { geometry, truth, content } = this.#torrents.get(torrent)!;
    const from = geometry.pieceOffset(pieceIndex);
    const piece = buffer.content;
    this.#memory.release(buffer);
    if (Buffer.compare(piece, truth.subarray(from, from + piece.length)) !== 0) {
      this.#sink({ type: 'piece-corrupt', torrent, pieceIndex, digests: blockDigests(piece) });
    } else if (this.failing !== undefined) {
      const trouble = { code: this.failing, message: 'the simulated disk refuses' };
      this.#sink({ type: 'piece-unstorable', torrent, pieceIndex, trouble });
    } else {
      content.set(piece, from);
      const digests = wantDigests ? { digests: blockDigests(piece) } : {};
      this.#sink({ type: 'piece-stored', torrent, pieceIndex, ...digests });
    }
  }
}

function blockDigests(piece: Uint8Array): string[] {
  const digests: string[] = [];
  for (let at = 0; at < piece.length; at += blockBytesMax) {
    digests.push(
      createHash('sha1')
        .update(piece.subarray(at, at + blockBytesMax))
        .digest('hex'),
    );
  }
  return digests;
}
