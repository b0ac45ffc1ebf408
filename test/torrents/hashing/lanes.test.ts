import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Algorithm, digestBytes, Lanes, laneBytes } from '../../../torrents/hashing/lanes.ts';
import { noise } from '../folder-fixture.ts';

const pages = 8;
const messagesAt = 65536;
const lengths = [
  0,
  1,
  3,
  55,
  56,
  57,
  63,
  64,
  65,
  119,
  120,
  127,
  128,
  1000,
  16384,
  16385,
  16384 + 56,
  65536 + 13,
];

describe.each(['sha1', 'sha256'] satisfies Algorithm[])('%s', (algorithm) => {
  test.each([false, true])(
    'hashes agree with OpenSSL at all lengths around a block, in shared memory: %s',
    (shared) => {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
      const bytes = new Uint8Array(memory.buffer);
      const hasher = new Lanes(algorithm, memory, 1024);
      bytes.set(noise(pages * 65536 - messagesAt, 5), messagesAt);
      for (const length of lengths) {
        for (const count of [1, 3, 4]) {
          // Odd offsets, because pieces may be received into any place.
          const offsets = [messagesAt, messagesAt + 70_001, messagesAt + 140_003, messagesAt + 210_010].slice(
            0,
            count,
          );
          const digests = new Uint8Array(digestBytes[algorithm] * count + 1);
          hasher.hash(offsets, length, digests, 1);
          const expected = offsets.map((offset) =>
            createHash(algorithm)
              .update(bytes.subarray(offset, offset + length))
              .digest(),
          );
          expect(Buffer.from(digests.subarray(1)).toString('hex')).toBe(
            Buffer.concat(expected).toString('hex'),
          );
        }
      }
    },
  );

  test('a message hashed in parts has the same digest', () => {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const bytes = new Uint8Array(memory.buffer);
    bytes.set(noise(300_000, 3), messagesAt);
    const hasher = new Lanes(algorithm, memory, 1024);
    const [whole, parts] = [new Uint8Array(4 * 32), new Uint8Array(4 * 32)];
    const offsets = [0, 1, 2, 3].map((lane) => messagesAt + lane * 70_000);
    hasher.hash(offsets, 10_000, whole);
    hasher.start();
    hasher.update(offsets, 6400);
    hasher.finish(
      offsets.map((offset) => offset + 6400),
      3600,
      10_000,
      parts,
    );
    expect(parts).toEqual(whole);
  });

  test('the hasher writes only to its own scratch memory', () => {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const bytes = new Uint8Array(memory.buffer);
    bytes.set(noise(bytes.length, 9));
    const hasher = new Lanes(algorithm, memory, 4096);
    hasher.hash([70_000, 80_000, 90_000, 100_000], 1000, new Uint8Array(200));
    const before = noise(bytes.length, 9);
    expect(Buffer.compare(bytes.subarray(0, 4096), before.subarray(0, 4096))).toBe(0);
    expect(Buffer.compare(bytes.subarray(4096 + laneBytes), before.subarray(4096 + laneBytes))).toBe(0);
  });
});
