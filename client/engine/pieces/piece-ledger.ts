/**
 * The truth about every piece of one torrent. A piece is in exactly one state, and the methods below are the only
 * transitions:
 *
 *   missing ──begin──▶ fetching ──finish──▶ storing ──stored──▶ have
 *      ▲                  │                    │                  │
 *      ├─────abandon──────┘                    │                  │
 *      ├─────failed────────────────────────────┘                  │   (corrupt, or the disk would not take it)
 *      └─────lost─────────────────────────────────────────────────┘   (the disk does not hold it any more)
 *
 * `have` means verified and readable. What to fetch next is policy: piece-picker.ts.
 */
import BitField from 'bitfield';
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import { eachPiece, hasPiece } from '../../../torrents/piece-set.ts';
import type { PieceBuffer, PieceMemory, TorrentSpec } from '../contract.ts';
import { FetchingPiece, type PieceSource } from './fetching-piece.ts';

export class PieceLedger<Source extends PieceSource = PieceSource> {
  readonly geometry: Geometry;
  haveCount = 0;
  /** Nothing was missing at the start: it is no download, whatever is lost later. */
  readonly beganWhole: boolean;
  /** Without pads, as everything people are told. */
  haveBytes = 0;
  readonly totalBytes: number;
  readonly #dataBytes: ReadonlyMap<PieceIndex, number> | undefined;
  readonly #have: BitField;
  /** Its bytes, which stay the same ones: `has` is asked at every message. */
  readonly #haveBytes: Uint8Array;
  /**
   * Pieces that are fetched or stored, in no order; their places are made with the first, so that a seed has none. Not a Map:
   * every piece comes and goes, and V8 is not rid of the tables that a Map leaves behind (small-set.ts).
   */
  readonly #underWay: FetchingPiece<Source>[] = [];
  /** By index: where in #underWay the piece lies, from 1 on; 0: it is not under way. */
  #places: Uint16Array | Uint32Array | undefined;
  #fetchingCount = 0;
  readonly #memory: PieceMemory;
  /** Bytes of pieces being put together or stored, in all torrents. */
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

  /** Nothing is missing at all: we are a seed. What the user wants may be less: piece-selection.ts. */
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

  /** In the order of their indices. */
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

  /** In the order of their indices. */
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

  /** Every block is here. The buffer is the caller's to give to the disk. */
  finish(piece: FetchingPiece<Source>): PieceBuffer {
    assert(piece.isComplete, `piece ${piece.pieceIndex} is complete before it is stored`);
    const buffer = piece.buffer;
    assert(buffer !== undefined, `piece ${piece.pieceIndex} still has its buffer`);
    piece.buffer = undefined;
    piece.isStoring = true;
    this.#fetchingCount -= 1;
    return buffer;
  }

  /** Verified and written. Answers what is known of where its blocks came from. */
  stored(pieceIndex: PieceIndex): FetchingPiece<Source> {
    const piece = this.#leaveStoring(pieceIndex);
    this.#markHave(pieceIndex);
    return piece;
  }

  /** Corrupt, or the disk would not take it: missing again. */
  failed(pieceIndex: PieceIndex): FetchingPiece<Source> {
    return this.#leaveStoring(pieceIndex);
  }

  /** It was stored, and the disk does not hold it any more: missing again. */
  lost(pieceIndex: PieceIndex): void {
    assert(this.has(pieceIndex), `piece ${pieceIndex} was stored before it is lost`);
    this.#have.set(pieceIndex, false);
    this.haveCount -= 1;
    this.haveBytes -= this.dataBytes(pieceIndex);
  }

  /** Nobody is left to send the rest of it: missing again, and what came of it is dropped. */
  abandon(piece: FetchingPiece<Source>): void {
    if (piece.buffer !== undefined) this.#memory.release(piece.buffer);
    piece.buffer = undefined;
    this.#leave(piece.pieceIndex);
    this.#fetchingCount -= 1;
    this.#budget.pieceBytes -= this.geometry.pieceBytes(piece.pieceIndex);
  }

  /** The torrent stops: nothing that is on its way is kept. */
  abandonAll(): void {
    for (const piece of [...this.fetchingPieces, ...this.storingPieces]) {
      // What is being stored is the disk's to release.
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

  /** The last one takes its place. */
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

/** Our own bug if it fails: the process stops and says what was believed. */
function assert(holds: boolean, belief: string): asserts holds {
  if (!holds) throw new Error(`piece-ledger: expected that ${belief}`);
}
