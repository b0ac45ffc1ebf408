/**
 * Pieces whose bytes were written and not forced to the disk since, by the file they lie in.
 *
 * An fsync that fails may have thrown away what it could not write: Linux then calls those pages clean, and the next
 * fsync succeeds without them. So after a failure nothing that was written since the last good fsync is there for sure,
 * also what a storage thread wrote and has not told of yet (`failures`). To read it back proves nothing: it comes from
 * memory.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskFile } from '../disk/part-file.ts';

export class UnforcedPieces {
  /** Each with the number of its writing. */
  readonly #pieces = new Map<DiskFile, Map<PieceIndex, number>>();
  #writings = 0;
  readonly #underWay = new Map<DiskFile, number>();
  readonly #failures = new Map<DiskFile, number>();

  add(at: DiskFile, pieceIndex: PieceIndex): void {
    const pieces = this.#pieces.get(at) ?? new Map();
    this.#pieces.set(at, pieces.set(pieceIndex, ++this.#writings));
  }

  /** As they are now. */
  in(at: DiskFile): readonly PieceIndex[] {
    return [...(this.#pieces.get(at)?.keys() ?? [])];
  }

  /** An fsync begins. Answers its mark: what is written from now on, a second time too, it may not force. */
  begin(at: DiskFile): number {
    this.#underWay.set(at, (this.#underWay.get(at) ?? 0) + 1);
    return this.#writings;
  }

  /** However it went. To be told before what came of it. */
  end(at: DiskFile): void {
    const left = this.#underWay.get(at)! - 1;
    if (left > 0) this.#underWay.set(at, left);
    else this.#underWay.delete(at);
  }

  /**
   * An fsync that began at this mark has succeeded. While another one of this file is under way that proves nothing: the
   * other may have failed first, thrown pages away, and not said so yet.
   */
  onForced(at: DiskFile, mark: number): void {
    if (this.#underWay.has(at)) return;
    const left = this.#pieces.get(at);
    for (const [pieceIndex, writing] of left ?? []) if (writing <= mark) left?.delete(pieceIndex);
    if (left?.size === 0) this.#pieces.delete(at);
  }

  /** An fsync has failed. Answers what may be lost. */
  onFailed(at: DiskFile): readonly PieceIndex[] {
    this.#failures.set(at, this.failures(at) + 1);
    const pieces = this.in(at);
    this.#pieces.delete(at);
    return pieces;
  }

  /** How many fsyncs of this file have failed: what was written before the last of them is not there for sure. */
  failures(at: DiskFile): number {
    return this.#failures.get(at) ?? 0;
  }
}
