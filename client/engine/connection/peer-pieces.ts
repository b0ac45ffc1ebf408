/**
 * What one peer has, as it says, and what of it may be asked for: a piece it has refused a moment ago is left alone. And
 * whether it has nothing for us to begin, so that it costs nothing until that changes.
 *
 * Invariant: `count` is the number of pieces it has; a peer that has all of them needs no bits.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { addPiece, eachPiece, hasPiece } from '../../../torrents/piece-set.ts';
import { smallBytes, smallCopy } from '../../wire/small-bytes.ts';

/** Haves of a peer that had nothing for us: after more of them everything it has is looked at again. */
const newsMax = 256;
/** Memory for the first few of them, which is all that most peers need. */
const newsRoomFirst = 32;
/** More than any of us names at a time; the oldest are forgotten. */
const suggestedMax = 64;
const noBits = new Uint8Array(0);
const noNews = new Uint32Array(0);

export class PeerPieces {
  count = 0;
  /** Pieces it has and has refused to send a moment ago; see `refuse`. */
  refusedMs = 0;
  /** The picker's version at which it had nothing for us to begin, and candidates that it has had since. */
  nothingAtVersion = -1;
  newsCount = 0;
  /** What it would like us to take next, the oldest first.  BEP 6 */
  readonly suggested: PieceIndex[] = [];
  /** The scheduler's version at which it had none of the pieces with free blocks. */
  nothingOpenAt = -1;
  /** Made when it first refuses one: most never do. */
  #refused: Set<PieceIndex> | undefined;
  /** MSB first, as on the wire; empty when it has all of them. */
  #bits = noBits;
  /** Kept when it is emptied: an array of its own for every few haves is more than V8 is rid of cheaply (small-set.ts). */
  #news: Uint16Array | Uint32Array = noNews;
  #isAll = false;
  #pieceCount = 0;

  /** The torrent is known: until it says more, the peer has nothing of it. */
  expect(pieceCount: number): void {
    this.#pieceCount = pieceCount;
    this.#bits = smallBytes(Math.ceil(pieceCount / 8));
  }

  get isAll(): boolean {
    return this.#isAll;
  }

  has(pieceIndex: PieceIndex): boolean {
    return this.#isAll || hasPiece(this.#bits, pieceIndex);
  }

  /** It has the piece, and may be asked for it. */
  offers(pieceIndex: PieceIndex): boolean {
    return this.has(pieceIndex) && this.#refused?.has(pieceIndex) !== true;
  }

  /** What it says at first. The bytes (MSB first, spare bits zero) are borrowed. */
  setAll(pieces: Uint8Array | 'all'): void {
    this.count = pieces === 'all' ? this.#pieceCount : countBits(pieces);
    this.#isAll = this.count === this.#pieceCount;
    this.#bits = this.#isAll || pieces === 'all' ? noBits : smallCopy(pieces, 0, pieces.length);
  }

  /** Whether there may be something in it to begin: pieces that have joined the candidates since, or news of its own. */
  mayHaveNew(version: number): boolean {
    return this.nothingAtVersion !== version || this.newsCount > 0;
  }

  foundNothing(version: number): void {
    this.nothingAtVersion = version;
    this.newsCount = 0;
  }

  /** By its place, the oldest first; below `newsCount`. */
  newsAt(place: number): PieceIndex {
    return this.#news[place]! as PieceIndex;
  }

  /** A hint: whether it is followed is the picker's affair. */
  suggest(pieceIndex: PieceIndex): void {
    this.suggested.push(pieceIndex);
    if (this.suggested.length > suggestedMax) this.suggested.shift();
  }

  /** True when it did not have it. */
  add(pieceIndex: PieceIndex): boolean {
    if (this.#isAll) return false;
    if (hasPiece(this.#bits, pieceIndex)) return false;
    addPiece(this.#bits, pieceIndex);
    this.count += 1;
    return true;
  }

  /** It has everything by now: the bits are of no more use. */
  forgetBits(): void {
    if (this.count !== this.#pieceCount) return;
    this.#isAll = true;
    this.#bits = noBits;
  }

  /** Pieces among `bits` (MSB first) that it has. */
  countAmong(bits: Uint8Array): number {
    if (this.#isAll) return countBits(bits);
    const have = this.#bits;
    let count = 0;
    for (let i = 0; i < bits.length; i++) count += countOnes(bits[i]! & (have[i] ?? 0));
    return count;
  }

  /** Every piece it has, in order. */
  each(visit: (pieceIndex: PieceIndex) => void): void {
    if (this.#isAll) for (let i = 0; i < this.#pieceCount; i++) visit(i as PieceIndex);
    eachPiece(this.#bits, (pieceIndex) => visit(pieceIndex as PieceIndex));
  }

  /** It will not send this piece, for a while. */
  refuse(pieceIndex: PieceIndex, nowMs: number): void {
    this.#refused ??= new Set();
    this.#refused.add(pieceIndex);
    this.refusedMs = nowMs;
  }

  /** It may be asked again for what it has refused. */
  forgetRefusals(): void {
    if (this.#refused === undefined) return;
    this.#refused = undefined;
    this.lookAgain();
  }

  /** A candidate that it did not have before. */
  hearNews(pieceIndex: PieceIndex): void {
    if (this.nothingAtVersion < 0) return;
    if (this.newsCount === newsMax) return this.lookAgain();
    if (this.newsCount === this.#news.length) {
      const room = Math.max(newsRoomFirst, 2 * this.newsCount);
      // Most torrents have fewer pieces than that, and these lists are half of what a peer's pieces weigh.
      const grown = this.#pieceCount <= 0x1_0000 ? new Uint16Array(room) : new Uint32Array(room);
      grown.set(this.#news);
      this.#news = grown;
    }
    this.#news[this.newsCount++] = pieceIndex;
  }

  /** Whatever was found out about its having nothing for us holds no more. */
  lookAgain(): void {
    this.nothingAtVersion = -1;
    this.nothingOpenAt = -1;
    this.newsCount = 0;
    // No more are kept until there is nothing to begin again: most peers that get here choke us, and stay so for long.
    this.#news = noNews;
  }
}

function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) count += countOnes(byte);
  return count;
}

function countOnes(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
