/** Pad files are zeros that are neither requested, sent nor stored. BEP 47 */
import { describe, expect, it } from 'vitest';
import { blockBytesMax, Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { Randomness } from '../kernel/randomness.ts';
import { bytesOf, drawFiles, fitFiles } from '../plan/files.ts';
import { Content } from './content.ts';
import { SimMemory } from './piece-memory.ts';
import { World } from './world.ts';

const pieceLength = 4 * blockBytesMax;
const minuteMs = 60_000;
/** Each file ends one byte behind a block, two blocks before the end of its piece. */
const file = { bytes: pieceLength + blockBytesMax + 1 };
const pad = { bytes: 3 * blockBytesMax - 1, pad: true };
const files = [file, pad, file, pad, { bytes: 100 }];
const totalBytes = 4 * pieceLength + 100;
/** Two whole pieces of data, two blocks of each padded one, and the last piece. */
const askedBytes = 2 * pieceLength + 2 * 2 * blockBytesMax + 100;

function padded(seed: number): World {
  return new World({ seed, totalBytes, pieceLength, files });
}

describe('pad files', () => {
  it('a torrent with pad files is complete without the blocks that lie in a pad file', () => {
    const world = padded(1);
    const seed = world.join({ has: 'all' });
    const leech = world.join();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(seed.status.uploaded).toBe(askedBytes);
    expect(leech.status).toMatchObject({ downloaded: askedBytes, wasted: 0 });
  });

  it('pad bytes are not counted in the status or in announces', () => {
    const world = padded(2);
    const leech = world.join();
    world.runFor(1_000);
    const dataBytes = totalBytes - 2 * pad.bytes;
    expect(leech.status).toMatchObject({ totalBytes: dataBytes, haveBytes: 0 });
    expect(world.tracker.heard.map(({ left }) => left)).toEqual([dataBytes]);
  });

  it.each([
    ['has the wrong hash', { lies: true }, {}],
    ['is refused by the disk', {}, { failing: 'EIO' }],
  ])('a piece that %s wastes at most the bytes that were sent of it', (_, seedOptions, disk) => {
    const world = padded(3);
    const seed = world.join({ has: 'all', ...seedOptions });
    const leech = world.join({ disk });
    world.runUntil(() => leech.status.wasted > 0, minuteMs);
    world.runFor(2_000);
    expect(leech.status.wasted).toBeGreaterThan(0);
    expect(leech.status.wasted).toBeLessThanOrEqual(leech.status.downloaded);
    expect(leech.status.wasted % pieceLength).not.toBe(3 * blockBytesMax);
    expect(seed.status.uploaded).toBeGreaterThanOrEqual(leech.status.downloaded);
  });

  it('a requested pad block is zeros', () => {
    const { torrent } = padded(4);
    const block = torrent.geometry.block(1, 2 * blockBytesMax, blockBytesMax)!;
    expect(torrent.content.lend(block, 0)).toEqual(new Uint8Array(blockBytesMax));
  });
});

describe('a block of zeros', () => {
  const geometry = new Geometry(2 * blockBytesMax, 2 * blockBytesMax);
  const content = new Content(geometry, 7, new Map([[1, 'zeros']]));
  const first = 0 as PieceIndex;
  const truth = content.bytes(first, 0, 2 * blockBytesMax);

  function isRight(bytes: Uint8Array, ...cuts: number[]): boolean {
    const memory = new SimMemory();
    const buffer = memory.allocate(bytes.length);
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      memory.write(buffer, from, bytes, from, to);
      from = to;
    }
    const flavour = content.flavourOf(1, buffer.own(1), buffer.place(1), blockBytesMax);
    return flavour === 0 && buffer.isZeros(1);
  }

  it('a block of zeros is recognized however it is cut, and any other byte is detected', () => {
    expect(truth.subarray(blockBytesMax)).toEqual(new Uint8Array(blockBytesMax));
    expect(isRight(truth)).toBe(true);
    expect(isRight(truth, blockBytesMax + 3, blockBytesMax + 9_000)).toBe(true);
    for (const at of [0, 5, 8, 9_000, blockBytesMax - 1]) {
      const wrong = truth.slice();
      wrong[blockBytesMax + at] = 1;
      expect(isRight(wrong)).toBe(false);
      expect(isRight(wrong, blockBytesMax + 4)).toBe(false);
    }
  });

  it('a block of zeros is right again when it is overwritten with zeros', () => {
    const memory = new SimMemory();
    const buffer = memory.allocate(blockBytesMax);
    memory.write(buffer, 0, new Uint8Array(100).fill(7), 0, 100);
    memory.write(buffer, 0, new Uint8Array(blockBytesMax), 0, blockBytesMax);
    expect(buffer.isZeros(0)).toBe(true);
    memory.write(buffer, 0, new Uint8Array(50), 0, 50);
    expect(buffer.isZeros(0)).toBe(true);
  });
});

describe('planned files', () => {
  it('planned files fill the pieces exactly, drawn or cut off', () => {
    for (let seed = 0; seed < 200; seed++) {
      const plan = { pieces: 5, pieceBytes: 40_000, lastPieceBytes: 7 };
      const torrent = drawFiles(new Randomness(seed).of('files'), plan);
      for (const smaller of [torrent, { ...torrent, pieces: 2 }, { ...torrent, pieces: 9 }]) {
        const sum = fitFiles(smaller).files?.reduce((total, { bytes }) => total + bytes, 0);
        expect(sum ?? bytesOf(smaller)).toBe(bytesOf(smaller));
      }
    }
  });
});
