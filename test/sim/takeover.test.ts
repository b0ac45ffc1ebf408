import { expect, it } from 'vitest';
import { homeLink } from './world/link.ts';
import type { SimPeer } from './world/peer.ts';
import { World } from './world/world.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

interface Run {
  readonly leech: SimPeer;
  readonly elapsedMs: number;
}

/**
 * Three good seeds, a fourth that crashes at 30 %, a liar from the start, and optionally a seed at a
 * twentieth of the rate.
 */
function run(seed: number, withLimited: boolean): Run {
  const world = new World({ seed, totalBytes: 24 * MiB, pieceLength: 128 * KiB });
  for (let i = 0; i < 3; i++) world.join({ has: 'all' });
  const killed = world.join({ has: 'all' });
  world.join({ has: 'all', lies: true });
  if (withLimited) {
    world.join({ has: 'all', link: { ...homeLink, up: homeLink.up / 20 } });
  }
  const leech = world.join({ link: { latencyMs: 20, up: 50_000, down: 50_000 } });
  world.runUntil(() => leech.status.haveBytes > 0.3 * leech.status.totalBytes, 60_000);
  killed.crash();
  expect(world.runUntilComplete([leech], 120_000)).toBe(true);
  expect(leech.isIdentical).toBe(true);
  return { leech, elapsedMs: world.scheduler.nowMs };
}

it.each([1, 2, 3])(
  'three good seeds, one crashed, one liar, one slow: less than 2 % is wasted, and the slow seed delays no download (seed %i)',
  (seed) => {
    const without = run(seed, false);
    const { leech, elapsedMs } = run(seed, true);
    expect(leech.status.wasted).toBeLessThan(leech.status.totalBytes * 0.02);
    expect(without.elapsedMs / elapsedMs).toBeGreaterThan(0.9);
  },
);
