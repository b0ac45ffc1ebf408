/**
 * Finds the peers that sent corrupt blocks. A corrupt piece from one source needs no further proof. With
 * several sources, the corrupt copy is remembered by one digest per block. The next good copy shows which
 * blocks were wrong, and so which peers sent them.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { FetchingPiece, PieceSource, SourceRecord } from './fetching-piece.ts';

interface CorruptCopy<Record> {
  readonly sources: readonly (Record | undefined)[];
  readonly digests: readonly string[];
}

/** More corrupt copies of one piece prove nothing new. */
const copiesMax = 8;

export class PieceProvenance<Record extends SourceRecord> {
  readonly #copies = new Map<PieceIndex, CorruptCopy<Record>[]>();

  /** An earlier copy was corrupt: the next one comes from one peer alone, and its digests are wanted. */
  isSuspect(pieceIndex: PieceIndex): boolean {
    return this.#copies.has(pieceIndex);
  }

  /** Returns the peer that is already proven guilty, if any. */
  onCorrupt(
    piece: FetchingPiece<PieceSource & { readonly record: Record }>,
    digests: readonly string[],
  ): Record[] {
    const sources = new Set(piece.sources.filter((source) => source !== undefined));
    const copies = this.#copies.get(piece.pieceIndex) ?? [];
    if (copies.length < copiesMax) copies.push({ sources: piece.sources, digests });
    this.#copies.set(piece.pieceIndex, copies);
    return sources.size === 1 ? [...sources] : [];
  }

  /** A good copy is stored. Returns the peers that sent a block that differs from it. */
  onStored(pieceIndex: PieceIndex, digests: readonly string[] | undefined): Record[] {
    const copies = this.#copies.get(pieceIndex);
    this.#copies.delete(pieceIndex);
    if (copies === undefined || digests === undefined) return [];
    const guilty = new Set<Record>();
    for (const copy of copies) {
      for (const [blockIndex, digest] of copy.digests.entries()) {
        const source = copy.sources[blockIndex];
        if (source === undefined) continue;
        if (digest !== digests[blockIndex]) guilty.add(source);
      }
    }
    return [...guilty];
  }
}
