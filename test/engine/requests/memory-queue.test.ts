import { describe, expect, it } from 'vitest';
import type { Context } from '../../../client/engine/context.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { SharedBudget } from '../../../client/engine/peers/shared-budget.ts';
import type { BlockSource } from '../../../client/engine/requests/block-source.ts';
import { MemoryQueue } from '../../../client/engine/requests/memory-queue.ts';

const KiB = 1024;
const peer = {} as BlockSource;

/** Memory for 128 KiB of pieces; a torrent with pieces of that size, and one with smaller pieces. */
function twoTorrents() {
  const limits = { ...defaultLimits, pieceMemoryBytesMax: 128 * KiB };
  const budget = new SharedBudget(limits);
  const context = { budget, limits } as unknown as Context;
  return { budget, large: new MemoryQueue(128 * KiB, context), small: new MemoryQueue(64 * KiB, context) };
}

describe('memory for pieces', () => {
  it('memory is short for every torrent while a peer waits for a piece that does not fit', () => {
    const { budget, large, small } = twoTorrents();
    budget.pieceBytes = 28 * KiB;
    expect(small.tick(() => {})).toBe(true);
    expect(large.admits(peer)).toBe(false);
    expect(small.tick(() => {})).toBe(false);
  });

  it('memory that another torrent has freed is found by waiting peers', () => {
    const { budget, large, small } = twoTorrents();
    budget.pieceBytes = 28 * KiB;
    large.admits(peer);
    budget.pieceBytes = 0;
    const asked: BlockSource[] = [];
    expect(large.tick((session) => asked.push(session))).toBe(true);
    expect(asked).toEqual([peer]);
    expect(small.tick(() => {})).toBe(true);
  });

  it('pieces that no peer sends keep their memory while no peer waits for it', () => {
    const { budget, large, small } = twoTorrents();
    budget.pieceBytes = 128 * KiB;
    expect(large.tick(() => {})).toBe(true);
    expect(small.tick(() => {})).toBe(true);
    large.admits(peer);
    expect(large.tick(() => {})).toBe(false);
  });

  it('the demand for memory ends when the last waiting peer leaves, and not at a tick of another torrent', () => {
    const { budget, large, small } = twoTorrents();
    const alike = new MemoryQueue(64 * KiB, {
      budget,
      limits: { pieceMemoryBytesMax: 128 * KiB },
    } as unknown as Context);
    budget.pieceBytes = 100 * KiB;
    small.admits(peer);
    expect(alike.tick(() => {})).toBe(false);
    expect(large.tick(() => {})).toBe(false);
    small.leave(peer);
    expect(alike.tick(() => {})).toBe(true);
  });
});
