/** One gigabyte from six seeders. One is killed, one sends corrupt data and one is slow. */
import { expect, it } from 'vitest';
import { large } from './large.ts';
import { albumBytes, SeederCrowd } from './seeder-crowd.ts';

const timeoutMs = 3 * 60_000;

large('one gigabyte from six seeders', () => {
  it('a download from three good seeders, a killed, a lying and a slow one is identical, with under 2 % wasted', {
    timeout: timeoutMs,
  }, async () => {
    using crowd = await SeederCrowd.open();
    const { difference, wasted, foundLiar } = await crowd.fetch({ hasSlow: true, compares: true });
    expect(difference).toBeUndefined();
    expect(wasted).toBeLessThan(0.02 * albumBytes);
    expect(foundLiar).toBe(true);
  });
});
