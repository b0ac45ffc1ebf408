import { expect, it } from 'vitest';
import { homeLink } from '../world/link.ts';
import { World } from '../world/world.ts';
import { tablesAreEmptied } from './tables.ts';

const KiB = 1024;

it('tables-are-emptied counts the blocks of every torrent, not of the first alone', () => {
  const world = new World({ seed: 3, totalBytes: 100 * KiB, pieceLength: 32 * KiB });
  const other = world.addTorrent({ totalBytes: 400 * KiB, pieceLength: 64 * KiB });
  const gives = { has: 'all', sides: [{ torrent: other, has: () => true }] } as const;
  world.join({ ...gives, link: { ...homeLink, up: 10 } });
  world.join(gives);
  const leech = world.join({ has: 'all', sides: [{ torrent: other, has: () => false }] });
  const hasCopies = () => leech.engine.usage.tables().some(({ per, size }) => per === 'block' && size > 0);
  expect(world.runUntil(hasCopies, 60_000)).toBe(true);
  expect(tablesAreEmptied().inspect!(leech)).toBeUndefined();
});
