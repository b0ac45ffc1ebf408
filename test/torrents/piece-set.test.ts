/** Sets of pieces as peers send them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addPiece, eachPiece, hasPiece, noPieces, removePiece } from '../../torrents/piece-set.ts';

it('a set holds the pieces that were added and not removed since, and lists them in order', () => {
  const change = fc.record({ pieceIndex: fc.nat(40), isAdded: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const set = noPieces(41);
      const model = new Set<number>();
      for (const { pieceIndex, isAdded } of changes) {
        if (isAdded) addPiece(set, pieceIndex);
        else removePiece(set, pieceIndex);
        if (isAdded) model.add(pieceIndex);
        else model.delete(pieceIndex);
      }
      const told: number[] = [];
      eachPiece(set, (pieceIndex) => told.push(pieceIndex));
      expect(told).toEqual([...model].sort((a, b) => a - b));
      for (let i = 0; i < 41; i++) expect(hasPiece(set, i)).toBe(model.has(i));
    }),
  );
});

it('the first piece is the highest bit of the first byte, as in BEP 3', () => {
  const set = noPieces(10);
  for (const pieceIndex of [0, 7, 9]) addPiece(set, pieceIndex);
  expect([...set]).toEqual([0b1000_0001, 0b0100_0000]);
});

it('a piece beyond the end is in no set', () => {
  expect(hasPiece(noPieces(8).fill(0xff), 8)).toBe(false);
  expect(noPieces(0)).toHaveLength(0);
});
