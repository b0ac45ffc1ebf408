/** Blocks are read ahead and shared, and their memory is reused only when no block is in use. */
import { describe, expect, it } from 'vitest';
import { BlockReader, extentBytes } from '../../../client/host/storage/block-reader.ts';

/** A disk whose reads are answered when the test says so. Every extent is filled with its own number. */
function bench() {
  const pending: { offset: number; target: Uint8Array; done: (trouble: undefined) => void }[] = [];
  const reader = new BlockReader();
  const read = (offset: number, key = '1', bytes = extentBytes): Uint8Array[] => {
    const got: Uint8Array[] = [];
    const ask = (at: number, target: Uint8Array, done: (trouble: undefined) => void) => {
      pending.push({ offset: at, target, done });
    };
    reader.read(key, offset, bytes, ask, (extent) => {
      const block = extent!.subarray(0, 16_384);
      reader.lend(block);
      got.push(block);
    });
    return got;
  };
  const answerAll = () => {
    for (const { offset, target, done } of pending.splice(0)) {
      target.fill(offset / extentBytes);
      done(undefined);
    }
  };
  return { reader, read, answerAll, pending };
}

describe('an extent', () => {
  it('an extent is read once for all requests under way, and not again while it is cached', () => {
    const { read, answerAll, pending } = bench();
    const [first, second] = [read(0), read(0)];
    expect(pending).toHaveLength(1);
    answerAll();
    expect([first.length, second.length, read(0).length]).toEqual([1, 1, 1]);
    expect(pending).toHaveLength(0);
  });

  it('an extent keeps its bytes while a block of it is being sent, however much else is read', () => {
    const { reader, read, answerAll } = bench();
    const blocks: { block: Uint8Array; value: number }[] = [];
    for (let n = 0; n < 1_000; n++) {
      const got = read(n * extentBytes);
      answerAll();
      blocks.push({ block: got[0]!, value: n & 255 });
      // Most blocks are given back soon, some much later, and every seventh never.
      for (let i = blocks.length - 1; i >= 0; i--) {
        const { block, value } = blocks[i]!;
        expect(block[0]).toBe(value);
        expect(block.at(-1)).toBe(value);
        if (i % 3 === 0 || i % 7 === 0) continue;
        reader.giveBack(block);
        blocks.splice(i, 1);
      }
      if (blocks.length > 400) blocks.splice(0, 200);
    }
  });

  it('the extent of another torrent or with another length is read separately', () => {
    const { read, answerAll, pending } = bench();
    read(0, '1');
    answerAll();
    read(0, '2');
    read(0, '1', 1_000);
    expect(pending.map(({ target }) => target.length)).toEqual([extentBytes, 1_000]);
  });

  it('a failed read fails all waiting requests, and the next request reads again', () => {
    const reader = new BlockReader();
    const asked: ((trouble: { code: string; message: string } | undefined) => void)[] = [];
    const told: unknown[] = [];
    const ask = () => {
      const read = (_offset: number, target: Uint8Array, done: (typeof asked)[0]) => {
        target.fill(1);
        asked.push(done);
      };
      reader.read('1', 0, 10, read, (extent, trouble) => told.push(extent?.length ?? trouble?.code));
    };
    ask();
    ask();
    asked[0]!({ code: 'EIO', message: 'read' });
    expect(told).toEqual(['EIO', 'EIO']);
    ask();
    asked[1]!(undefined);
    ask();
    expect([told, asked.length]).toEqual([['EIO', 'EIO', 10, 10], 2]);
  });

  it('extents are cached up to 32 MiB, and the least recently requested is dropped first', () => {
    const { read, answerAll, pending } = bench();
    const kept = 128;
    for (let n = 0; n < kept; n++) read(n * extentBytes);
    answerAll();
    read(0);
    expect(pending).toHaveLength(0);
    read(kept * extentBytes);
    answerAll();
    for (const n of [0, 2, kept]) read(n * extentBytes);
    expect(pending).toHaveLength(0);
    read(extentBytes);
    expect(pending).toHaveLength(1);
  });

  it('the cache limit counts bytes: thousands of short extents are cached', () => {
    const { read, answerAll, pending } = bench();
    const bytes = 16_384;
    for (let n = 0; n < 2_048; n++) read(n * bytes, '1', bytes);
    answerAll();
    read(0, '1', bytes);
    expect(pending).toHaveLength(0);
    read(2_048 * bytes, '1', bytes);
    answerAll();
    read(bytes, '1', bytes);
    expect(pending).toHaveLength(1);
  });

  it('an extent that is being read is not dropped from the cache', () => {
    const { read, answerAll, pending } = bench();
    const first = read(0);
    const [own] = pending.splice(0);
    for (let n = 1; n < 200; n++) {
      read(n * extentBytes);
      answerAll();
    }
    const second = read(0);
    expect(pending).toHaveLength(0);
    own!.target.fill(9);
    own!.done(undefined);
    expect([first[0]![0], second[0]![0]]).toEqual([9, 9]);
  });

  it('a cached extent keeps its bytes after all its blocks have been sent', () => {
    const { reader, read, answerAll } = bench();
    for (const n of [5, 6, 7]) {
      const got = read(n * extentBytes);
      answerAll();
      reader.giveBack(got[0]!);
    }
    expect([5, 6, 7].map((n) => read(n * extentBytes)[0]![0])).toEqual([5, 6, 7]);
  });

  it('the memory of a dropped extent without blocks in use is reused', () => {
    const { reader, read, answerAll } = bench();
    const memories = new Set<ArrayBufferLike>();
    for (let n = 0; n < 400; n++) {
      const got = read(n * extentBytes);
      answerAll();
      memories.add(got[0]!.buffer);
      reader.giveBack(got[0]!);
    }
    // Those in the cache, and one that is reused.
    expect(memories.size).toBeLessThanOrEqual(130);
  });
});
