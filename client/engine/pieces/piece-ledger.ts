/**
 * The state of every piece of one torrent. A piece is in exactly one state, and the methods below are the
 * only transitions:
 *
 *   missing ──begin──▶ fetching ──finish──▶ storing ──stored──▶ have
 *      ▲                  │                    │                  │
 *      ├─────abandon──────┘                    │                  │
 *      ├─────failed────────────────────────────┘                  │   (corrupt, or the write failed)
 *      └─────lost─────────────────────────────────────────────────┘   (the disk no longer holds it)
 *
 * `have` means verified and readable. Which piece to fetch next: piece-picker.ts.
 */
import BitField from 'bitfield';
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import { eachPiece, hasPiece } from '../../../torrents/piece-set.ts';
import type { PieceBuffer, PieceMemory, TorrentSpec } from '../contract.ts';
import { FetchingPiece, type PieceSource } from './fetching-piece.ts';

export class PieceLedger<Source extends PieceSource = PieceSource> {
  readonly geometry: Geometry;
  haveCount = 0;
  /** No piece was missing at the start: not a download, even if pieces are lost later. */
  readonly beganWhole: boolean;
  /** Without pads, like all numbers that are shown. */
  haveBytes = 0;
  readonly totalBytes: number;
  readonly #dataBytes: ReadonlyMap<PieceIndex, number> | undefined;
  readonly #have: BitField;
  /** The bytes of `#have`; the buffer never changes. `has` runs for every message. */
  readonly #haveBytes: Uint8Array;
  /**
   * Pieces that are fetched or stored, unordered. Not a Map: pieces come and go all the time, and V8 does not
   * free the tables of a Map cheaply (small-set.ts).
   */
  readonly #underWay: FetchingPiece<Source>[] = [];
  /**
   * By piece: its position in `#underWay` plus 1; 0: not there. Created with the first piece, so that a seed
   * has none.
   */
  #places: Uint16Array | Uint32Array | undefined;
  #fetchingCount = 0;
  readonly #memory: PieceMemory;
  /** Bytes of pieces being downloaded or stored, in all torrents. */
  readonly #budget: { pieceBytes: number };

  /** `have`: MSB first, at least pieceCount bits; spare bits are ignored. */
  constructor(
    geometry: Geometry,
    memory: PieceMemory,
    budget: { pieceBytes: number },
    { have, dataBytes }: Pick<TorrentSpec, 'have' | 'dataBytes'>,
  ) {
    this.geometry = geometry;
    this.#memory = memory;
    this.#budget = budget;
    this.#dataBytes = dataBytes;
    this.totalBytes = this.#sumOfData();
    this.#have = new BitField(geometry.pieceCount);
    this.#haveBytes = this.#have.buffer;
    if (have !== undefined) this.#markAll(have);
    this.beganWhole = this.hasAll;
  }

  /** No piece is missing: we are a seed. The user may want less: piece-selection.ts. */
  get hasAll(): boolean {
    return this.haveCount === this.geometry.pieceCount;
  }

  get leftBytes(): number {
    return this.totalBytes - this.haveBytes;
  }

  /** Bytes of a piece, without the pad at its end. */
  dataBytes(pieceIndex: PieceIndex): number {
    return this.#dataBytes?.get(pieceIndex) ?? this.geometry.pieceBytes(pieceIndex);
  }

  has(pieceIndex: PieceIndex): boolean {
    return hasPiece(this.#haveBytes, pieceIndex);
  }

  isMissing(pieceIndex: PieceIndex): boolean {
    return !this.has(pieceIndex) && this.#at(pieceIndex) === undefined;
  }

  fetching(pieceIndex: PieceIndex): FetchingPiece<Source> | undefined {
    const piece = this.#at(pieceIndex);
    return piece === undefined || piece.isStoring ? undefined : piece;
  }

  /** Ordered by piece index. */
  get fetchingPieces(): FetchingPiece<Source>[] {
    return this.#underWay.filter((piece) => !piece.isStoring).sort(byIndex);
  }

  get fetchingCount(): number {
    return this.#fetchingCount;
  }

  storing(pieceIndex: PieceIndex): FetchingPiece<Source> | undefined {
    const piece = this.#at(pieceIndex);
    return piece?.isStoring === true ? piece : undefined;
  }

  /** Ordered by piece index. */
  get storingPieces(): FetchingPiece<Source>[] {
    return this.#underWay.filter((piece) => piece.isStoring).sort(byIndex);
  }

  /** A copy for the wire and for status: MSB first, spare bits zero. */
  haveBits(): Uint8Array {
    return this.#have.buffer.slice(0, Math.ceil(this.geometry.pieceCount / 8));
  }

  begin(pieceIndex: PieceIndex): FetchingPiece<Source> {
    assert(this.isMissing(pieceIndex), `piece ${pieceIndex} is missing before it is begun`);
    const dataBytes = this.dataBytes(pieceIndex);
    const piece = FetchingPiece.begin<Source>(pieceIndex, this.geometry, this.#memory, dataBytes);
    const { pieceCount } = this.geometry;
    this.#places ??= pieceCount <= 0xffff ? new Uint16Array(pieceCount) : new Uint32Array(pieceCount);
    this.#places[pieceIndex] = this.#underWay.push(piece);
    this.#fetchingCount += 1;
    this.#budget.pieceBytes += this.geometry.pieceBytes(pieceIndex);
    return piece;
  }

  /** Every block is received. The caller gets the buffer and hands it to the disk. */
  finish(piece: FetchingPiece<Source>): PieceBuffer {
    assert(piece.isComplete, `piece ${piece.pieceIndex} is complete before it is stored`);
    const buffer = piece.buffer;
    assert(buffer !== undefined, `piece ${piece.pieceIndex} still has its buffer`);
    piece.buffer = undefined;
    piece.isStoring = true;
    this.#fetchingCount -= 1;
    return buffer;
  }

  /** Verified and written. Returns the piece with the sources of its blocks. */
  stored(pieceIndex: PieceIndex): FetchingPiece<Source> {
    const piece = this.#leaveStoring(pieceIndex);
    this.#markHave(pieceIndex);
    return piece;
  }

  /** Corrupt, or the write failed: the piece is missing again. */
  failed(pieceIndex: PieceIndex): FetchingPiece<Source> {
    return this.#leaveStoring(pieceIndex);
  }

  /** The piece was stored and the disk no longer holds it: missing again. */
  lost(pieceIndex: PieceIndex): void {
    assert(this.has(pieceIndex), `piece ${pieceIndex} was stored before it is lost`);
    this.#have.set(pieceIndex, false);
    this.haveCount -= 1;
    this.haveBytes -= this.dataBytes(pieceIndex);
  }

  /** No peer is left to send the rest: the piece is missing again and its blocks are dropped. */
  abandon(piece: FetchingPiece<Source>): void {
    if (piece.buffer !== undefined) this.#memory.release(piece.buffer);
    piece.buffer = undefined;
    this.#leave(piece.pieceIndex);
    this.#fetchingCount -= 1;
    this.#budget.pieceBytes -= this.geometry.pieceBytes(piece.pieceIndex);
  }

  /** The torrent stops: all pieces under way are dropped. */
  abandonAll(): void {
    for (const piece of [...this.fetchingPieces, ...this.storingPieces]) {
      // The disk releases the buffer of a piece that it is storing.
      if (piece.buffer !== undefined) this.#memory.release(piece.buffer);
      piece.buffer = undefined;
      this.#budget.pieceBytes -= this.geometry.pieceBytes(piece.pieceIndex);
    }
    this.#underWay.length = 0;
    this.#places = undefined;
    this.#fetchingCount = 0;
  }

  #leaveStoring(pieceIndex: PieceIndex): FetchingPiece<Source> {
    const piece = this.storing(pieceIndex);
    assert(piece !== undefined, `piece ${pieceIndex} is being stored`);
    this.#leave(pieceIndex);
    this.#budget.pieceBytes -= this.geometry.pieceBytes(pieceIndex);
    return piece;
  }

  #at(pieceIndex: PieceIndex): FetchingPiece<Source> | undefined {
    const place = this.#places?.[pieceIndex] ?? 0;
    return place === 0 ? undefined : this.#underWay[place - 1];
  }

  /** The last entry takes the free position. */
  #leave(pieceIndex: PieceIndex): void {
    const places = this.#places!;
    const place = places[pieceIndex]!;
    const last = this.#underWay.pop()!;
    if (last.pieceIndex !== pieceIndex) {
      this.#underWay[place - 1] = last;
      places[last.pieceIndex] = place;
    }
    places[pieceIndex] = 0;
  }

  #sumOfData(): number {
    const { geometry } = this;
    if ((this.#dataBytes?.size ?? 0) === 0 && !geometry.hasShortPieces) return geometry.totalBytes;
    let sum = 0;
    for (const pieceIndex of geometry.pieces()) sum += this.dataBytes(pieceIndex);
    return sum;
  }

  #markAll(have: Uint8Array): void {
    eachPiece(have, (index) => {
      const pieceIndex = this.geometry.pieceIndex(index);
      if (pieceIndex !== undefined) this.#markHave(pieceIndex);
    });
  }

  #markHave(pieceIndex: PieceIndex): void {
    this.#have.set(pieceIndex);
    this.haveCount += 1;
    this.haveBytes += this.dataBytes(pieceIndex);
  }
}

interface Placed {
  readonly pieceIndex: PieceIndex;
}

function byIndex(a: Placed, b: Placed): number {
  return a.pieceIndex - b.pieceIndex;
}

/** A failure is our own bug: it throws. */
function assert(holds: boolean, belief: string): asserts holds {
  if (!holds) throw new Error(`piece-ledger: expected that ${belief}`);
}
