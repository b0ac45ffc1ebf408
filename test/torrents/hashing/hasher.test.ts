import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Backend, chooseBackends } from '../../../torrents/hashing/backend.ts';
import { Hasher, hasherBytes } from '../../../torrents/hashing/hasher.ts';
import { leafBytes, leafHash, rootOf, treeWidth, zeroHash } from '../../../torrents/merkle.ts';
import { noise } from '../folder-fixture.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const piecesAt = Math.ceil(hasherBytes / 65536) * 65536;
const makeHasher = (backend: Backend) => {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 32, shared: true });
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(noise(bytes.length - piecesAt, 11), piecesAt);
  return { bytes, hasher: new Hasher(memory, 0, { sha1: backend, sha256: backend }) };
};

describe.each(['openssl', 'simd'] satisfies Backend[])('%s', (backend) => {
  test('SHA-1 is right for one to four pieces at any offset in shared memory', () => {
    const { bytes, hasher } = makeHasher(backend);
    for (let count = 1; count <= 4; count++) {
      const offsets = [0, 100_001, 200_002, 300_003].slice(0, count).map((offset) => piecesAt + offset);
      const digests = new Uint8Array(20 * count + 5);
      hasher.sha1(offsets, 65_537, digests, 5);
      const expected = offsets.map((at) =>
        createHash('sha1')
          .update(bytes.subarray(at, at + 65_537))
          .digest('hex'),
      );
      expect(hex(digests.subarray(5))).toBe(expected.join(''));
    }
  });

  test('the Merkle root of a piece is right for any number of leaves and any tree width', () => {
    const { bytes, hasher } = makeHasher(backend);
    for (const size of [
      1,
      leafBytes - 1,
      leafBytes,
      leafBytes + 1,
      3 * leafBytes,
      5 * leafBytes + 7,
      16 * leafBytes,
    ]) {
      const piece = bytes.slice(piecesAt + 3, piecesAt + 3 + size);
      const leaves: Uint8Array[] = [];
      for (let at = 0; at < size; at += leafBytes) leaves.push(leafHash(piece.subarray(at, at + leafBytes)));
      for (const width of [treeWidth(size), 32, 1024]) {
        const root = new Uint8Array(32);
        hasher.pieceRoot(piecesAt + 3, size, width, root);
        // A tree wider than needed is filled with zero leaves.
        const padded = [...leaves, ...Array.from({ length: width - leaves.length }, () => zeroHash(0))];
        expect([size, width, hex(root)]).toEqual([size, width, hex(rootOf(Buffer.concat(padded), 0))]);
      }
    }
  });
});

test('a SHA-1 batch is as large as the number of lanes of the back end', () => {
  expect([makeHasher('openssl').hasher.sha1Batch, makeHasher('simd').hasher.sha1Batch]).toEqual([1, 4]);
});

test('OpenSSL is chosen without a measurement for few bytes, and a back end is measured for many', () => {
  expect(chooseBackends(2 ** 20)).toEqual({ sha1: 'openssl', sha256: 'openssl' });
  expect(['openssl', 'simd']).toContain(chooseBackends(2 ** 40).sha1);
});
