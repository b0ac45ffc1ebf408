import { describe, expect, it } from 'vitest';
import { World } from './sim-world.ts';

const MiB = 1024 * 1024;
const minuteMs = 60_000;

describe('two engines in virtual time', () => {
  it('complete a torrent', () => {
    const world = new World({ seed: 1, totalBytes: 5 * MiB + 12_345, pieceLength: 256 * 1024 });
    const seed = world.join({ has: 'all' });
    const leech = world.join();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(leech.status.wasted).toBe(0);
    expect(seed.status.uploaded).toBe(5 * MiB + 12_345);
  });
});
