/** Files that are kept open: a file is never closed while it is used, and always in the end. */
import { beforeEach, describe, expect, it } from 'vitest';
import { DescriptorPool } from '../../../client/host/disk/descriptor-pool.ts';
import type { FileSystem } from '../../../client/host/disk/file-system.ts';

const openMax = 128;
let closed: number[];
let failing: boolean;
/** Called with closes that failed. */
let lost: string[];
let opened: number;
let pool: DescriptorPool;
beforeEach(() => {
  closed = [];
  opened = 0;
  failing = false;
  lost = [];
  const close = (descriptor: number) => {
    closed.push(descriptor);
    if (failing) throw new Error(`EIO ${descriptor}`);
  };
  pool = new DescriptorPool({ close } as FileSystem, (key, error) =>
    lost.push(`${key}: ${(error as Error).message}`),
  );
});

/** Returns the descriptor: a reopened file has the next number. */
const pin = (key: string) => pool.pin(key, () => ++opened);
const use = (key: string) => {
  const pinned = pin(key);
  pool.unpin(pinned);
  return pinned.descriptor;
};
const fill = (count: number) => {
  for (let i = 1; i <= count; i++) use(`${i}`);
};

describe('pooled files', () => {
  it('a file stays open from one use to the next', () => {
    expect([use('a'), use('b'), use('a'), opened, closed]).toEqual([1, 2, 1, 2, []]);
  });

  it('a file that is released when not in use is closed at once, and reopened for the next use', () => {
    use('a');
    pool.forget('a');
    expect(closed).toEqual([1]);
    expect(use('a')).toBe(2);
  });

  it('a file that is released during a use is closed once, with its last use', () => {
    const [first, second] = [pin('a'), pin('a')];
    pool.forget('a');
    // The key belongs to another file by then.
    const next = pin('a');
    expect(next.descriptor).toBe(2);
    pool.unpin(first);
    expect(closed).toEqual([]);
    pool.unpin(second);
    expect(closed).toEqual([1]);
    pool.unpin(next);
    expect([closed, use('a')]).toEqual([[1], 2]);
  });

  it('a file that cannot be opened is tried again the next time', () => {
    const fail = () => {
      throw new Error('EMFILE');
    };
    expect(() => pool.pin('a', fail)).toThrow('EMFILE');
    expect(use('a')).toBe(1);
  });

  it('a file that is not open can be released without harm', () => {
    pool.forget('a');
    expect(closed).toEqual([]);
  });
});

describe('the limit of open files', () => {
  it('the least recently used file is closed when the limit is reached', () => {
    fill(openMax);
    expect(closed).toEqual([]);
    use('1');
    use('more');
    expect(closed).toEqual([2]);
    expect(use('1')).toBe(1);
  });

  it('no file in use is closed when the limit is reached', () => {
    const pinned = pin('a');
    fill(openMax);
    expect(closed).toEqual([2]);
    pool.unpin(pinned);
    expect(use('a')).toBe(1);
  });

  it('the limit is exceeded when all files are in use', () => {
    for (let i = 0; i < openMax; i++) pin(`${i}`);
    expect(pin('more').descriptor).toBe(openMax + 1);
    expect(closed).toEqual([]);
  });

  it('the pool closes all files in the end', () => {
    fill(3);
    pool.closeAll();
    expect(closed).toEqual([1, 2, 3]);
    expect(use('1')).toBe(4);
  });
});

describe('failing closes', () => {
  it('every failing close is reported with its file, and the other files are still closed', () => {
    failing = true;
    use('forgotten');
    pool.forget('forgotten');
    const used = pin('used');
    pool.forget('used');
    pool.unpin(used);
    fill(openMax + 1);
    expect(lost).toEqual(['forgotten: EIO 1', 'used: EIO 2', '1: EIO 3']);
    pool.closeAll();
    expect([closed.length, lost.length]).toEqual([openMax + 3, openMax + 3]);
    expect(use('2')).toBe(openMax + 4);
  });
});
