/**
 * Pieces whose bytes were written and not forced to the disk since, by the file they lie in.
 *
 * An fsync that fails may have thrown away what it could not write: Linux then calls those pages clean, and the next
 * fsync succeeds without them. So after a failure nothing that was written since the last good fsync is there for sure,
 * also what a storage thread wrote and has not told of yet (`failures`). To read it back proves nothing: it comes from
 * memory.
 */
import type { PieceIndex } from '../../torrents/geometry.ts';
import type { DiskFile } from './part-file.ts';

export class UnforcedPieces {
  readonly #pieces = new Map<DiskFile, Set<PieceIndex>>();
  readonly #failures = new Map<DiskFile, number>();

  add(at: DiskFile, pieceIndex: PieceIndex): void {
    const pieces = this.#pieces.get(at) ?? new Set();
    this.#pieces.set(at, pieces.add(pieceIndex));
  }

  /** As they are now. */
  in(at: DiskFile): readonly PieceIndex[] {
    return [...(this.#pieces.get(at) ?? [])];
  }

  /** An fsync that began when these had been written has succeeded. */
  onForced(at: DiskFile, pieces: readonly PieceIndex[]): void {
    const left = this.#pieces.get(at);
    for (const pieceIndex of pieces) left?.delete(pieceIndex);
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
