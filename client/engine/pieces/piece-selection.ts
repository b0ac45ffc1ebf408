/**
 * Which pieces the user wants, with which priority, and how much of that is stored. A piece has the highest
 * priority of the files in it; the host computes that.
 *
 * Invariant: the counts agree with the ledger; the caller reports every stored and every lost piece.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { addPiece, noPieces } from '../../../torrents/piece-set.ts';
import type { PieceLedger } from './piece-ledger.ts';

/** Priorities as in libtorrent's download_priority_t: 0 is unwanted, 4 the default, 7 the highest. */
export const unwanted = 0;
export const priorityDefault = 4;
export const priorityMax = 7;

/** What the selection needs of the ledger. */
type SelectedLedger = Pick<
  PieceLedger,
  'geometry' | 'dataBytes' | 'has' | 'haveBytes' | 'haveCount' | 'totalBytes'
>;

export class PieceSelection {
  /** Bytes of the wanted pieces, without pads; and how many of these are stored. */
  wantedBytes = 0;
  haveWantedBytes = 0;
  #missingCount = 0;
  /** Undefined: all pieces have the default priority. */
  #priorities: Uint8Array | undefined;
  readonly #ledger: SelectedLedger;

  constructor(ledger: SelectedLedger, priorities: Uint8Array | undefined) {
    this.#ledger = ledger;
    this.choose(priorities);
  }

  /** One priority per piece; O(pieces). */
  choose(priorities: Uint8Array | undefined): void {
    this.#priorities = priorities;
    this.wantedBytes = 0;
    this.haveWantedBytes = 0;
    this.#missingCount = 0;
    const ledger = this.#ledger;
    if (priorities === undefined) {
      this.wantedBytes = ledger.totalBytes;
      this.haveWantedBytes = ledger.haveBytes;
      this.#missingCount = ledger.geometry.pieceCount - ledger.haveCount;
      return;
    }
    for (const pieceIndex of ledger.geometry.pieces()) {
      if (!this.wants(pieceIndex)) continue;
      this.wantedBytes += ledger.dataBytes(pieceIndex);
      if (ledger.has(pieceIndex)) this.haveWantedBytes += ledger.dataBytes(pieceIndex);
      else this.#missingCount += 1;
    }
  }

  priority(pieceIndex: PieceIndex): number {
    return Math.min(priorityMax, this.#priorities?.[pieceIndex] ?? priorityDefault);
  }

  wants(pieceIndex: PieceIndex): boolean {
    // Runs for every `have`: without priorities no lookup is needed.
    return this.#priorities === undefined || this.#priorities[pieceIndex] !== unwanted;
  }

  /** Wanted and not stored: what we need peers for. */
  lacks(pieceIndex: PieceIndex): boolean {
    return this.wants(pieceIndex) && !this.#ledger.has(pieceIndex);
  }

  /** Every wanted piece is stored. */
  get isComplete(): boolean {
    return this.#missingCount === 0;
  }

  /** Pieces that are wanted and not stored. */
  get missingCount(): number {
    return this.#missingCount;
  }

  /** The ledger has just marked the piece as stored. */
  onStored(pieceIndex: PieceIndex): void {
    if (!this.wants(pieceIndex)) return;
    this.#missingCount -= 1;
    this.haveWantedBytes += this.#ledger.dataBytes(pieceIndex);
  }

  /** The ledger has just marked the piece as missing again. */
  onLost(pieceIndex: PieceIndex): void {
    if (!this.wants(pieceIndex)) return;
    this.#missingCount += 1;
    this.haveWantedBytes -= this.#ledger.dataBytes(pieceIndex);
  }

  /** The pieces we lack, MSB first, for counting a peer's useful pieces byte by byte. */
  lackedBits(): Uint8Array {
    const bits = noPieces(this.#ledger.geometry.pieceCount);
    for (const pieceIndex of this.#ledger.geometry.pieces()) {
      if (this.lacks(pieceIndex)) addPiece(bits, pieceIndex);
    }
    return bits;
  }
}
