/**
 * Pieces that were written and not yet forced to the disk, by the file they lie in.
 *
 * A failed fsync may have dropped what it could not write: Linux then marks those pages clean, and the next
 * fsync succeeds without them. So after a failure, nothing written since the last good fsync is certain,
 * including what a storage thread has written but not yet reported (`failures`). Reading it back proves
 * nothing, because the bytes come from memory.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskFile } from '../disk/part-file.ts';

export class UnforcedPieces {
  /** Each with the number of its write. */
  readonly #pieces = new Map<DiskFile, Map<PieceIndex, number>>();
  #writings = 0;
  readonly #underWay = new Map<DiskFile, number>();
  readonly #failures = new Map<DiskFile, number>();

  add(at: DiskFile, pieceIndex: PieceIndex): void {
    const pieces = this.#pieces.get(at) ?? new Map();
    this.#pieces.set(at, pieces.set(pieceIndex, ++this.#writings));
  }

  /** The unforced pieces of this file, as a copy. */
  in(at: DiskFile): readonly PieceIndex[] {
    return [...(this.#pieces.get(at)?.keys() ?? [])];
  }

  /** An fsync begins. Answers its mark: writes after it, also of the same piece, may not be covered. */
  begin(at: DiskFile): number {
    this.#underWay.set(at, (this.#underWay.get(at) ?? 0) + 1);
    return this.#writings;
  }

  /** An fsync has ended, in either way. Call this before onForced or onFailed. */
  end(at: DiskFile): void {
    const left = this.#underWay.get(at)! - 1;
    if (left > 0) this.#underWay.set(at, left);
    else this.#underWay.delete(at);
  }

  /**
   * The fsync with this mark has succeeded. While another fsync of the file is under way that proves nothing:
   * the other one may have failed first, dropped pages, and not reported it yet.
   */
  onForced(at: DiskFile, mark: number): void {
    if (this.#underWay.has(at)) return;
    const left = this.#pieces.get(at);
    for (const [pieceIndex, writing] of left ?? []) if (writing <= mark) left?.delete(pieceIndex);
    if (left?.size === 0) this.#pieces.delete(at);
  }

  /** An fsync has failed. Answers the pieces that may be lost. */
  onFailed(at: DiskFile): readonly PieceIndex[] {
    this.#failures.set(at, this.failures(at) + 1);
    const pieces = this.in(at);
    this.#pieces.delete(at);
    return pieces;
  }

  /** How many fsyncs of this file have failed: what was written before the last failure is uncertain. */
  failures(at: DiskFile): number {
    return this.#failures.get(at) ?? 0;
  }
}
