import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  hashAt,
  hashBytes,
  layersAbove,
  leafHash,
  pieceLayerHeight,
  proofOf,
  rootFromProof,
  rootOf,
  treeWidth,
  zeroHash,
} from '../../torrents/merkle.ts';
import { noise } from './folder-fixture.ts';

const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** As BEP 52 describes it: leaves are padded with zeros to a power of two, then hashed in pairs. */
const plainRoot = (leaves: Uint8Array[]): Uint8Array => {
  let row = [...leaves];
  while (row.length & (row.length - 1)) row.push(new Uint8Array(32));
  while (row.length > 1)
    row = row.flatMap((left, index) => (index % 2 === 0 ? [sha256(left, row[index + 1]!)] : []));
  return row[0]!;
};
const leavesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => leafHash(noise(100, index + 1)));

describe('merkle', () => {
  test('the root of one leaf is the leaf itself', () => {
    const leaf = leafHash(noise(5));
    expect(hex(rootOf(leaf, 0))).toBe(hex(sha256(noise(5))));
  });

  test('the root of any number of leaves is the one that BEP 52 defines', () => {
    for (let count = 1; count <= 33; count++) {
      expect(hex(rootOf(Buffer.concat(leavesOf(count)), 0))).toBe(hex(plainRoot(leavesOf(count))));
    }
  });

  test('leaves beyond the end are zeros, and their parents are hashes of zeros', () => {
    expect(hex(zeroHash(0))).toBe('00'.repeat(32));
    expect(hex(zeroHash(2))).toBe(hex(plainRoot(Array.from({ length: 4 }, () => new Uint8Array(32)))));
  });

  test('the root of the piece layer is the root of the leaves', () => {
    for (const count of [5, 8, 9, 31]) {
      const layers = layersAbove(Buffer.concat(leavesOf(count)), 0);
      expect(hex(rootOf(layers[2]!, 2))).toBe(hex(layers.at(-1)!));
      expect(layers[2]!.length).toBe(Math.ceil(count / 4) * hashBytes);
    }
  });

  test('a run of hashes with its uncle hashes proves the root, and a changed run does not', () => {
    const shape = fc.record({
      count: fc.integer({ min: 2, max: 40 }),
      power: fc.integer({ min: 0, max: 4 }),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(shape, ({ count, power, at }) => {
        const layers = layersAbove(Buffer.concat(leavesOf(count)), 0);
        const length = Math.min(2 ** power, 2 ** (layers.length - 1));
        const index = (at % Math.ceil(count / length)) * length;
        const run = layers[0]!.slice(index * hashBytes, (index + length) * hashBytes);
        const proof = proofOf(layers, 0, index, length);
        const root = hex(layers.at(-1)!);
        expect(hex(rootFromProof(run, 0, index, length, proof))).toBe(root);
        run[0]! ^= 1;
        expect(hex(rootFromProof(run, 0, index, length, proof))).not.toBe(root);
      }),
      { numRuns: 100 },
    );
  });

  test('a proof stops after the requested number of layers', () => {
    const layers = layersAbove(Buffer.concat(leavesOf(16)), 0);
    expect(proofOf(layers, 0, 4, 4).length).toBe(2 * hashBytes);
    expect(hex(proofOf(layers, 0, 4, 4, 3))).toBe(hex(hashAt(layers[2]!, 0)));
  });

  test('the height of a piece layer and the width of a tree follow from the sizes', () => {
    expect([2 ** 14, 2 ** 15, 2 ** 24].map(pieceLayerHeight)).toEqual([0, 1, 10]);
    expect([0, 1, 16384, 16385, 50_000, 2 ** 20].map(treeWidth)).toEqual([1, 1, 1, 2, 4, 64]);
  });
});
