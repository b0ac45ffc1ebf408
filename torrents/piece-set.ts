/**
 * Sets of pieces, in memory and on the wire: one bit a piece, the first piece in the highest bit of the first
 * byte. No set contains an index beyond its end. Callers must not add one.                              BEP 3
 */

/** An empty set for this many pieces. */
export function noPieces(pieceCount: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.ceil(pieceCount / 8));
}

export function hasPiece(set: Uint8Array, pieceIndex: number): boolean {
  return ((set[pieceIndex >> 3] ?? 0) & (0x80 >> (pieceIndex & 7))) !== 0;
}

export function addPiece(set: Uint8Array, pieceIndex: number): void {
  set[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
}

export function removePiece(set: Uint8Array, pieceIndex: number): void {
  set[pieceIndex >> 3]! &= ~(0x80 >> (pieceIndex & 7));
}

/** Visits the pieces of the set in order. */
export function eachPiece(set: Uint8Array, visit: (pieceIndex: number) => void): void {
  for (let i = 0; i < set.length; i++) {
    for (let rest = set[i]!; rest !== 0; ) {
      const bit = Math.clz32(rest) - 24;
      rest &= ~(0x80 >> bit);
      visit(8 * i + bit);
    }
  }
}
