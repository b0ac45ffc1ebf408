/** Blocks are read ahead, shared, and their memory is used again only when nobody needs it. */
import { describe, expect, it } from 'vitest';
import { BlockReader, extentBytes } from '../../client/host/block-reader.ts';

/** A disk whose reads are answered when the test says so; every extent is filled with its own number. */
function bench() {
  const pending: { offset: number; target: Uint8Array; done: (trouble: undefined) => void }[] = [];
  const reader = new BlockReader();
  const read = (offset: number): Uint8Array[] => {
    const got: Uint8Array[] = [];
    const ask = (at: number, target: Uint8Array, done: (trouble: undefined) => void) => {
      pending.push({ offset: at, target, done });
    };
    reader.read(1, offset, extentBytes, ask, (extent) => {
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
  it('is read once for all who ask while it is under way, and not again while it is kept', () => {
    const { read, answerAll, pending } = bench();
    const [first, second] = [read(0), read(0)];
    expect(pending).toHaveLength(1);
    answerAll();
    expect([first.length, second.length, read(0).length]).toEqual([1, 1, 1]);
    expect(pending).toHaveLength(0);
  });

  it('keeps its bytes while a block of it is on its way, however much is read meanwhile', () => {
    const { reader, read, answerAll } = bench();
    const blocks: { block: Uint8Array; value: number }[] = [];
    for (let n = 0; n < 1_000; n++) {
      const got = read(n * extentBytes);
      answerAll();
      blocks.push({ block: got[0]!, value: n & 255 });
      // Most leave soon, some only much later, and every seventh never says so.
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
});
