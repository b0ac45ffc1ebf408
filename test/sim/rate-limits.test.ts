/** Rate limits of the whole engine, over simulated links that could carry more. */
import { describe, expect, it } from 'vitest';
import { World } from './world/world.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const minuteMs = 60_000;

/** 8 MiB in 64 pieces. */
function smallWorld(seed: number): World {
  return new World({ seed, totalBytes: 8 * MiB - 4_321, pieceLength: 128 * KiB });
}

describe('rate limits', () => {
  it('the upload limit holds for all sent bytes', () => {
    const world = smallWorld(61);
    world.join({ has: 'all', uploadBpsMax: MiB });
    const leech = world.join({ link: { latencyMs: 5, up: 100_000, down: 100_000 } });
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    // 8 MiB at 1 MiB/s, less a burst of a quarter of a second.
    expect(world.scheduler.nowMs).toBeGreaterThan(7_500);
    expect(world.scheduler.nowMs).toBeLessThan(10_000);
  });

  it('the download limit holds for all received bytes', () => {
    const world = smallWorld(62);
    world.join({ has: 'all', link: { latencyMs: 5, up: 100_000, down: 100_000 } });
    const leech = world.join({ downloadBpsMax: MiB });
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(world.scheduler.nowMs).toBeGreaterThan(7_500);
    expect(world.scheduler.nowMs).toBeLessThan(10_000);
  });
});

describe('rate limits changed while a torrent runs', () => {
  it('a lowered upload limit of a seed holds from then on', () => {
    const world = smallWorld(63);
    const fast = { latencyMs: 5, up: 100_000, down: 100_000 };
    const seed = world.join({ has: 'all', link: fast });
    const leech = world.join({ link: fast });
    world.runFor(100);
    seed.tell({ type: 'limits-set', uploadBpsMax: MiB / 2, downloadBpsMax: 0 });
    const before = leech.status.downloaded;
    world.runFor(6_000);
    expect(leech.status.complete).toBe(false);
    expect(leech.status.downloaded - before).toBeGreaterThan(2.5 * MiB);
    expect(leech.status.downloaded - before).toBeLessThan(3.8 * MiB);
  });

  it('a removed download limit stops slowing the download at once', () => {
    const world = smallWorld(64);
    const fast = { latencyMs: 5, up: 100_000, down: 100_000 };
    world.join({ has: 'all', link: fast });
    const leech = world.join({ link: fast, downloadBpsMax: 20_000 });
    world.runFor(10_000);
    expect(leech.status.haveBytes).toBeLessThan(MiB / 2);
    leech.tell({ type: 'limits-set', uploadBpsMax: 0, downloadBpsMax: 0 });
    world.runFor(2_000);
    expect(leech.status.complete).toBe(true);
  });
});
