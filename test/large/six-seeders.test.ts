/** One gigabyte from six seeders, of which one is killed, one lies and one is slow. */
import { expect, it } from 'vitest';
import { large } from './large.ts';
import { albumBytes, SeederCrowd } from './seeder-crowd.ts';

const timeoutMs = 3 * 60_000;

large('one gigabyte from six seeders', () => {
  it('three good, one killed at 30 %, one lying, one at 1 MiB/s: identical, under 2 % wasted', {
    timeout: timeoutMs,
  }, async () => {
    using crowd = await SeederCrowd.open();
    const { difference, wasted, foundLiar } = await crowd.fetch({ hasSlow: true, compares: true });
    expect(difference).toBeUndefined();
    expect(wasted).toBeLessThan(0.02 * albumBytes);
    expect(foundLiar).toBe(true);
  });
});
