/**
 * Which pieces may be requested from one source: those that it has, without those that it refused a moment
 * ago. It also caches that the source has nothing for us to begin, so that asking again is cheap until that
 * changes.
 *
 * Left to others: which pieces the source has. For a peer: peer-pieces.ts.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { NewsBringer, PieceSuggester } from '../pieces/piece-picker.ts';

/**
 * New pieces remembered for a source that had nothing for us. After more, all its pieces are considered
 * again.
 */
const newsMax = 256;
/** Initial capacity; most sources need no more. */
const newsRoomFirst = 32;
/** More pieces than Cicada suggests at a time; the oldest are dropped. */
const suggestedMax = 64;
const noNews = new Uint32Array(0);

export abstract class SourcePieces implements NewsBringer, PieceSuggester {
  /** When the source last refused a piece; see `refuse`. */
  refusedMs = 0;
  /**
   * The picker's version at which the source had nothing to begin, and the number of candidates it has gained
   * since.
   */
  nothingAtVersion = -1;
  newsCount = 0;
  /** Pieces that the source suggests, the oldest first. BEP 6 */
  readonly suggested: PieceIndex[] = [];
  /** The scheduler's version at which the source had none of the open pieces. */
  nothingOpenAt = -1;
  /** Pieces of the torrent, once known. */
  protected pieceCount = 0;
  /** Created at the first refusal: most sources never refuse. */
  #refused: Set<PieceIndex> | undefined;
  /** Kept for reuse when emptied: V8 does not free many short-lived arrays cheaply (small-set.ts). */
  #news: Uint16Array | Uint32Array = noNews;

  abstract has(pieceIndex: PieceIndex): boolean;

  /** The source has the piece and has not just refused it. */
  offers(pieceIndex: PieceIndex): boolean {
    return this.has(pieceIndex) && this.#refused?.has(pieceIndex) !== true;
  }

  /**
   * Whether the source may have something to begin: candidates have joined since, or the source has gained
   * some.
   */
  mayHaveNew(version: number): boolean {
    return this.nothingAtVersion !== version || this.newsCount > 0;
  }

  foundNothing(version: number): void {
    this.nothingAtVersion = version;
    this.newsCount = 0;
  }

  /** The source has none of the open pieces. `version`: the scheduler's at that moment. */
  foundNothingOpen(version: number): void {
    this.nothingOpenAt = version;
  }

  /** The source has gained a piece that is being downloaded. */
  lookAgainAtOpen(): void {
    this.nothingOpenAt = -1;
  }

  /** The oldest is at 0; `place` is below `newsCount`. */
  newsAt(place: number): PieceIndex {
    return this.#news[place]! as PieceIndex;
  }

  /** A hint; the picker decides whether to follow it. */
  suggest(pieceIndex: PieceIndex): void {
    this.suggested.push(pieceIndex);
    if (this.suggested.length > suggestedMax) this.suggested.shift();
  }

  /** The source will not send this piece for a while. */
  refuse(pieceIndex: PieceIndex, nowMs: number): void {
    this.#refused ??= new Set();
    this.#refused.add(pieceIndex);
    this.refusedMs = nowMs;
  }

  /** Refused pieces may be requested again. */
  forgetRefusals(): void {
    if (this.#refused === undefined) return;
    this.#refused = undefined;
    this.lookAgain();
  }

  /** The source has gained a candidate. */
  hearNews(pieceIndex: PieceIndex): void {
    if (this.nothingAtVersion < 0) return;
    if (this.newsCount === newsMax) return this.lookAgain();
    if (this.newsCount === this.#news.length) {
      const room = Math.max(newsRoomFirst, 2 * this.newsCount);
      // Most torrents have fewer pieces, and these lists are half of the memory of a peer's pieces.
      const grown = this.pieceCount <= 0x1_0000 ? new Uint16Array(room) : new Uint32Array(room);
      grown.set(this.#news);
      this.#news = grown;
    }
    this.#news[this.newsCount++] = pieceIndex;
  }

  /** Drops the cached result that the source has nothing for us. */
  lookAgain(): void {
    this.nothingAtVersion = -1;
    this.nothingOpenAt = -1;
    this.newsCount = 0;
    // None are collected until the source has nothing to begin again: most peers that get here choke us for a
    // long time.
    this.#news = noNews;
  }
}
