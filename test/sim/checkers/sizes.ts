/**
 * Recomputes piece offsets, piece lengths and block counts with BigInt. 32-bit numbers end at 2^31 or 2^32
 * bytes, and torrents are larger.                                                                       BEP 3
 */
import { blockBytesMax, type Geometry } from '../../../torrents/geometry.ts';
import type { SimTorrent } from '../world/torrent.ts';
import type { Checker, Disbelief } from './checker.ts';

/** When a host adds a torrent, the pieces that hold these bytes and the last byte are checked. */
const steps = [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 33];

export function sizesAreExact(): Checker {
  const known = new WeakSet<Geometry>();
  return {
    name: 'sizes-are-exact',
    hears: ['added'],
    onTurn({ world, fact }) {
      if (fact.type !== 'added' || known.has(fact.spec.geometry)) return undefined;
      const { torrent, geometry } = fact.spec;
      const planned = [world.torrent, ...world.sides].find(({ id }) => id === torrent);
      if (planned === undefined) return undefined;
      known.add(geometry);
      return judge(geometry, planned);
    },
  };
}

function judge(geometry: Geometry, { files }: SimTorrent): Disbelief {
  const total = files.reduce((sum, { bytes }) => sum + BigInt(bytes), 0n);
  const length = BigInt(geometry.pieceLength);
  const count = (total + length - 1n) / length;
  if (BigInt(geometry.pieceCount) !== count)
    return `counts ${geometry.pieceCount} pieces, there are ${count}`;
  const block = BigInt(blockBytesMax);
  for (const at of [...steps, Number(total) - 1]) {
    const index = BigInt(at) / length;
    const piece = geometry.pieceIndex(Number(index));
    if (BigInt(at) >= total || total === 0n) continue;
    if (piece === undefined) return `has no piece ${index}, in which byte ${at} lies`;
    const bytes = total - index * length < length ? total - index * length : length;
    const lastBlock = (bytes - 1n) / block;
    const pairs: [string, number, bigint][] = [
      ['begins at', geometry.pieceOffset(piece), index * length],
      ['has bytes:', geometry.pieceBytes(piece), bytes],
      ['has blocks:', geometry.blockCount(piece), lastBlock + 1n],
      ['ends with a block of', geometry.blockBytes(piece, Number(lastBlock)), bytes - lastBlock * block],
    ];
    for (const [what, believed, meant] of pairs)
      if (BigInt(believed) !== meant) return `piece ${index} ${what} ${believed}, and it should be ${meant}`;
  }
  return undefined;
}
