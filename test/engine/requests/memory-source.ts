/**
 * A source of blocks in memory that is not a peer. It has every piece, accepts requests at any time and
 * answers them in order, when the test says so. Also the classes that request from it, without a swarm around
 * them.
 */
import type { Context } from '../../../client/engine/context.ts';
import type { Action } from '../../../client/engine/contract.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { OwnAddresses } from '../../../client/engine/peers/own-addresses.ts';
import { SharedBudget } from '../../../client/engine/peers/shared-budget.ts';
import type { SourceRecord } from '../../../client/engine/pieces/fetching-piece.ts';
import { PieceLedger } from '../../../client/engine/pieces/piece-ledger.ts';
import { PiecePicker } from '../../../client/engine/pieces/piece-picker.ts';
import { PieceProvenance } from '../../../client/engine/pieces/piece-provenance.ts';
import { Prng } from '../../../client/engine/prng.ts';
import { BlockReceiver } from '../../../client/engine/requests/block-receiver.ts';
import { type BlockSource, KeptPieces } from '../../../client/engine/requests/block-source.ts';
import { RequestPipeline } from '../../../client/engine/requests/request-pipeline.ts';
import { RequestScheduler } from '../../../client/engine/requests/request-scheduler.ts';
import { SourcePieces } from '../../../client/engine/requests/source-pieces.ts';
import { TokenBucket } from '../../../client/engine/serving/token-bucket.ts';
import { blockBytesMax, Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { type ByteBuffer, ByteMemory } from '../byte-memory.ts';

export const blocksPerPiece = 4;
const pieceBytes = blocksPerPiece * blockBytesMax;

class EveryPiece extends SourcePieces {
  has(): boolean {
    return true;
  }
}

interface Asked {
  readonly pieceIndex: PieceIndex;
  readonly blockIndex: number;
}

export class MemorySource implements BlockSource {
  readonly connection: number;
  readonly record: SourceRecord = { goodPieces: 0, isSeed: true };
  readonly pieces = new EveryPiece();
  readonly pipeline = new RequestPipeline(defaultLimits);
  readonly kept = new KeptPieces();
  mayBeAsked = true;
  /** Requests without an answer. */
  queue: Asked[] = [];
  readonly cancelled: Asked[] = [];
  /** What it sends: the content, or something else. */
  content: Uint8Array;

  constructor(connection: number, content: Uint8Array) {
    this.connection = connection;
    this.content = content;
  }

  request(pieceIndex: PieceIndex, blockIndex: number): void {
    this.queue.push({ pieceIndex, blockIndex });
  }

  cancel(pieceIndex: PieceIndex, blockIndex: number): void {
    this.cancelled.push({ pieceIndex, blockIndex });
    this.queue = this.queue.filter((one) => one.pieceIndex !== pieceIndex || one.blockIndex !== blockIndex);
  }

  /** Pieces of which it still owes blocks. */
  get owed(): number[] {
    return [...new Set(this.queue.map(({ pieceIndex }) => pieceIndex))].sort((a, b) => a - b);
  }
}

/** One torrent that is downloaded from such sources. */
export class SourceLab {
  readonly content: Uint8Array;
  readonly geometry: Geometry;
  readonly memory = new ByteMemory();
  readonly sources = new Map<number, MemorySource>();
  readonly ledger: PieceLedger<MemorySource>;
  readonly picker: PiecePicker;
  readonly scheduler: RequestScheduler;
  readonly receiver: BlockReceiver;
  readonly provenance = new PieceProvenance<SourceRecord>();
  /** Pieces that were stored with the right bytes. */
  readonly verified = new Map<PieceIndex, Uint8Array>();
  /** Sources that sent corrupt blocks. */
  readonly guilty: SourceRecord[] = [];
  nowMs = 1_000;
  readonly #actions: Action[] = [];

  constructor(pieceCount: number) {
    this.content = new Uint8Array(pieceCount * pieceBytes - 5_000).map((_, i) => (i * 7 + (i >> 12)) & 0xff);
    this.geometry = new Geometry(this.content.length, pieceBytes);
    const limits = defaultLimits;
    const random = new Prng(1);
    const budget = new SharedBudget(limits);
    const context: Context = {
      ...{
        peerId: new Uint8Array(20),
        port: 6881,
        ownAddresses: new OwnAddresses(6881),
        limits,
        random,
        budget,
      },
      ...{ memory: this.memory, nowMs: this.nowMs, throttled: new Set(), toFlush: [] },
      ...{ uploadRate: new TokenBucket(0), downloadRate: new TokenBucket(0) },
      emit: (action) => this.#actions.push(action),
      newConnection: () => 0,
      newRead: () => 0,
    };
    this.ledger = new PieceLedger(this.geometry, this.memory, budget, {});
    const isMissing = (pieceIndex: PieceIndex) => this.ledger.isMissing(pieceIndex);
    this.picker = new PiecePicker(this.geometry, isMissing, limits.randomFirstPieces, random);
    const isSuspect = (pieceIndex: PieceIndex) => this.provenance.isSuspect(pieceIndex);
    this.scheduler = new RequestScheduler(this.ledger, this.picker, this.sources, isSuspect, context);
    this.receiver = new BlockReceiver(1, this.ledger, this.scheduler, isSuspect, context);
  }

  join(content = this.content): MemorySource {
    const source = new MemorySource(2 * (this.sources.size + 1), content);
    this.sources.set(source.connection, source);
    this.scheduler.fill(source, this.nowMs);
    return source;
  }

  leave(source: MemorySource): void {
    source.mayBeAsked = false;
    this.sources.delete(source.connection);
    this.scheduler.release(source);
    this.scheduler.fillAll(this.nowMs);
  }

  /** The source answers its oldest requests, each block in two runs. */
  serve(source: MemorySource, count = 1): void {
    for (let n = 0; n < count; n++) {
      const asked = source.queue.shift();
      if (asked === undefined) return;
      this.send(source, asked);
    }
  }

  send(source: MemorySource, { pieceIndex, blockIndex }: Asked): void {
    const begin = blockIndex * blockBytesMax;
    const bytes = this.geometry.blockBytes(pieceIndex, blockIndex);
    const block = { pieceIndex, begin, bytes };
    const sink = this.receiver.begin(source, block);
    if (sink === 'block-unasked')
      throw new Error(`block ${blockIndex} of piece ${pieceIndex} was not asked for`);
    const from = pieceIndex * pieceBytes + begin;
    for (const [start, end] of [
      [from, from + 1_000],
      [from + 1_000, from + bytes],
    ] as const) {
      source.pipeline.onProgress(end - start, this.nowMs);
      sink?.piece.write(sink, source.content, start, end);
    }
    this.receiver.end(source, block, sink);
    this.#hash();
    this.scheduler.fill(source, this.nowMs);
  }

  /** It fails at its oldest request, like a server that answers 503. */
  fail(source: MemorySource): void {
    const asked = source.queue.shift();
    if (asked === undefined) return;
    const { pieceIndex, blockIndex } = asked;
    const bytes = this.geometry.blockBytes(pieceIndex, blockIndex);
    this.receiver.refuse(source, { pieceIndex, begin: blockIndex * blockBytesMax, bytes }, this.nowMs);
    this.scheduler.fillAll(this.nowMs);
  }

  /** The disk compares the piece with its right content. */
  #hash(): void {
    for (const action of this.#actions.splice(0)) {
      if (action.type !== 'store-piece') continue;
      const { pieceIndex } = action;
      const { content } = action.buffer as ByteBuffer;
      const from = pieceIndex * pieceBytes;
      const right = this.content.subarray(from, from + content.length);
      const digests = Array.from({ length: this.geometry.blockCount(pieceIndex) }, (_, i) =>
        String(content.subarray(i * blockBytesMax, (i + 1) * blockBytesMax)),
      );
      this.memory.release(action.buffer);
      if (content.every((byte, i) => byte === right[i])) this.#store(pieceIndex, content, digests);
      else {
        this.guilty.push(...this.provenance.onCorrupt(this.ledger.failed(pieceIndex), digests));
        this.picker.restore(pieceIndex);
      }
    }
  }

  #store(pieceIndex: PieceIndex, content: Uint8Array, digests: readonly string[]): void {
    this.verified.set(pieceIndex, content);
    const piece = this.ledger.stored(pieceIndex);
    for (const record of new Set(piece.sources)) if (record !== undefined) record.goodPieces += 1;
    this.guilty.push(...this.provenance.onStored(pieceIndex, digests));
    this.scheduler.onStored(piece, this.nowMs);
    piece.release();
  }
}
