/**
 * What may be asked of one source: pieces that it has, without those it has refused a moment ago. And whether it has nothing
 * for us to begin, so that it costs nothing until that changes.
 *
 * Left to others: what it has. A peer says so (peer-pieces.ts).
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { NewsBringer, PieceSuggester } from '../pieces/piece-picker.ts';

/** Haves of a source that had nothing for us: after more of them everything it has is looked at again. */
const newsMax = 256;
/** Memory for the first few of them, which is all that most sources need. */
const newsRoomFirst = 32;
/** More than any of us names at a time; the oldest are forgotten. */
const suggestedMax = 64;
const noNews = new Uint32Array(0);

export abstract class SourcePieces implements NewsBringer, PieceSuggester {
  /** Pieces it has and has refused to send a moment ago; see `refuse`. */
  refusedMs = 0;
  /** The picker's version at which it had nothing for us to begin, and candidates that it has had since. */
  nothingAtVersion = -1;
  newsCount = 0;
  /** What it would like us to take next, the oldest first.  BEP 6 */
  readonly suggested: PieceIndex[] = [];
  /** The scheduler's version at which it had none of the pieces with free blocks. */
  nothingOpenAt = -1;
  /** Pieces of the torrent, once it is known. */
  protected pieceCount = 0;
  /** Made when it first refuses one: most never do. */
  #refused: Set<PieceIndex> | undefined;
  /** Kept when it is emptied: an array of its own for every few haves is more than V8 is rid of cheaply (small-set.ts). */
  #news: Uint16Array | Uint32Array = noNews;

  abstract has(pieceIndex: PieceIndex): boolean;

  /** It has the piece, and may be asked for it. */
  offers(pieceIndex: PieceIndex): boolean {
    return this.has(pieceIndex) && this.#refused?.has(pieceIndex) !== true;
  }

  /** Whether there may be something in it to begin: pieces that have joined the candidates since, or news of its own. */
  mayHaveNew(version: number): boolean {
    return this.nothingAtVersion !== version || this.newsCount > 0;
  }

  foundNothing(version: number): void {
    this.nothingAtVersion = version;
    this.newsCount = 0;
  }

  /** It has none of the pieces with free blocks, of which the last joined at this version of the scheduler. */
  foundNothingOpen(version: number): void {
    this.nothingOpenAt = version;
  }

  /** A piece that is being fetched, and that it did not have before. */
  lookAgainAtOpen(): void {
    this.nothingOpenAt = -1;
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
      const grown = this.pieceCount <= 0x1_0000 ? new Uint16Array(room) : new Uint32Array(room);
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
