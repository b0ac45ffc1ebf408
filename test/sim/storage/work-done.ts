/**
 * What an end may cost: nothing when the program is stopped or killed, since the system keeps what was written; two seconds
 * of work when the power goes.
 */
import { unwanted } from '../../../client/engine/pieces/piece-selection.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { BrokenStorage } from './storage-checks.ts';

/** What the fsyncs of one record may take, and of the one before, beside the journal's pause. */
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

  /** Nothing is asked for of what came before. */
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

  /** Pieces that the record on the disk has to name by now; `isStopped`: all. */
  recorded(isStopped: boolean, nowMs: number): PieceIndex[] {
    const latestMs = isStopped ? nowMs : nowMs - this.#lostMsMax;
    return [...this.#sinceMs].filter(([, atMs]) => atMs <= latestMs).map(([pieceIndex]) => pieceIndex);
  }

  /**
   * A file of these pieces has its name: it has two for a moment, and then one. Where names reach the disk in any order,
   * a power cut may keep only that the first one went, until the journal forces the folder to the disk.
   */
  onNamed(pieces: Iterable<PieceIndex>, nowMs: number): void {
    for (const i of pieces) if (this.#storedMs.has(i)) this.#storedMs.set(i, nowMs);
  }

  /** The user has chosen anew: what lies in the side file may have been written anew, into the file itself, and recorded later. */
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

  /** `have`: what the next start finds. */
  check(have: Uint8Array, priorities: Uint8Array): void {
    const kept = this.#kept;
    this.begin();
    for (const i of kept) {
      if (priorities[i] !== unwanted && (have[i >> 3]! & (0x80 >> (i & 7))) === 0)
        throw new BrokenStorage('lost-work', `piece ${i} was stored long before the end and is lost`);
    }
  }
}
