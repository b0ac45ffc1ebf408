/**
 * The work that an end may cost: none when the program is stopped or killed, since the system keeps written
 * bytes; the journal's pause and one second when the power is cut.
 */
import { unwanted } from '../../../client/engine/pieces/piece-selection.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { BrokenStorage } from './storage-checks.ts';

/** The time for the fsyncs of one record and of the one before, besides the journal's pause. */
const flushMsMax = 1_000;

export class WorkDone {
  readonly #lostMsMax: number;
  /** When each piece was stored in this life, or found at its start. */
  readonly #sinceMs = new Map<PieceIndex, number>();
  readonly #storedMs = new Map<PieceIndex, number>();
  #kept: readonly PieceIndex[] = [];

  /** `flushMs`: the journal's pause. */
  constructor(flushMs: number) {
    this.#lostMsMax = flushMs + flushMsMax;
  }

  /** Forgets all earlier work: nothing is required of it. */
  begin(): void {
    this.#storedMs.clear();
    this.#sinceMs.clear();
    this.#kept = [];
  }

  onStored(pieceIndex: PieceIndex, nowMs: number): void {
    this.#storedMs.set(pieceIndex, nowMs);
    this.#sinceMs.set(pieceIndex, nowMs);
  }

  onFound(pieceIndex: PieceIndex, nowMs: number): void {
    this.#sinceMs.set(pieceIndex, nowMs);
  }

  /** Pieces that the record on the disk must name by now. `isStopped`: all pieces. */
  recorded(isStopped: boolean, nowMs: number): PieceIndex[] {
    const latestMs = isStopped ? nowMs : nowMs - this.#lostMsMax;
    return [...this.#sinceMs].filter(([, atMs]) => atMs <= latestMs).map(([pieceIndex]) => pieceIndex);
  }

  /**
   * A file with these pieces gets its final name: it has two names for a moment, then one. Where names reach
   * the disk in any order, a power cut may keep only the removal of the first, until the journal syncs the
   * folder.
   */
  onNamed(pieces: Iterable<PieceIndex>, nowMs: number): void {
    for (const i of pieces) if (this.#storedMs.has(i)) this.#storedMs.set(i, nowMs);
  }

  /**
   * After a new selection, data of the part file of unwanted data may be written again into its own file and
   * recorded later.
   */
  onChosen(nowMs: number): void {
    for (const i of this.#storedMs.keys()) this.#storedMs.set(i, nowMs);
    for (const i of this.#sinceMs.keys()) this.#sinceMs.set(i, nowMs);
  }

  end(wasCut: boolean, nowMs: number): void {
    const latestMs = wasCut ? nowMs - this.#lostMsMax : nowMs;
    const stored = [...this.#storedMs];
    this.begin();
    this.#kept = stored.filter(([, atMs]) => atMs <= latestMs).map(([pieceIndex]) => pieceIndex);
  }

  /** `have`: the pieces that the next start finds. */
  check(have: Uint8Array, priorities: Uint8Array): void {
    const kept = this.#kept;
    this.begin();
    for (const i of kept) {
      if (priorities[i] !== unwanted && (have[i >> 3]! & (0x80 >> (i & 7))) === 0)
        throw new BrokenStorage('lost-work', `piece ${i} was stored long before the end and is lost`);
    }
  }
}
