/**
 * Tokens stand for bytes: any changed byte changes the block's flavour, however the block was cut on its way.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockBytesMax, Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { Content } from './content.ts';
import { type SimBuffer, SimMemory } from './piece-memory.ts';

/** Three blocks, the last of them short, and a last piece of five bytes. */
const pieceLength = 3 * blockBytesMax - 100;
const geometry = new Geometry(pieceLength + 5, pieceLength);
const content = new Content(geometry, 7);
const [first, last] = [...geometry.pieces()] as [PieceIndex, PieceIndex];

/** The flavours of a piece's blocks when these bytes are written, cut at these offsets. */
function flavours(piece: PieceIndex, bytes: Uint8Array, cuts: readonly number[] = []): number[] {
  const memory = new SimMemory();
  const buffer = memory.allocate(geometry.pieceBytes(piece));
  const ends = [...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const to of ends) {
    memory.write(buffer, from, bytes, from, to);
    from = to;
  }
  return flavoursOf(piece, buffer);
}

function flavoursOf(piece: PieceIndex, buffer: SimBuffer): number[] {
  return Array.from({ length: buffer.blockCount }, (_, i) => {
    const number = content.blockNumber(piece, i);
    const flavour = content.flavourOf(number, buffer.own(i), buffer.place(i), buffer.blockBytes(i));
    return flavour | buffer.damage(i);
  });
}

const truth = content.bytes(first, 0, pieceLength);

describe('piece memory', () => {
  it('piece memory recognizes the right bytes, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: pieceLength }), { maxLength: 20 }), (cuts) => {
        expect(flavours(first, truth, cuts)).toEqual([0, 0, 0]);
      }),
    );
    expect(flavours(last, content.bytes(last, 0, 5))).toEqual([0]);
  });

  it('piece memory detects any changed byte and the block it is in', () => {
    fc.assert(
      fc.property(fc.nat({ max: pieceLength - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const wrong = truth.slice();
        wrong[at] = wrong[at]! ^ change;
        const guilty = Math.floor(at / blockBytesMax);
        expect(flavours(first, wrong).map((flavour) => flavour !== 0)).toEqual(
          [0, 1, 2].map((i) => i === guilty),
        );
      }),
    );
    for (let at = 0; at < 5; at++) {
      const wrong = content.bytes(last, 0, 5);
      wrong[at] = wrong[at]! ^ 1;
      expect(flavours(last, wrong)[0]).not.toBe(0);
    }
  });

  it('piece memory detects bytes at wrong offsets', () => {
    for (const shift of [1, 2, 255, 256, 257, 4_096, blockBytesMax]) {
      const shifted = new Uint8Array(pieceLength);
      shifted.set(truth.subarray(shift));
      expect(flavours(first, shifted)[0]).not.toBe(0);
    }
  });

  it('piece memory detects shifted lent bytes without comparing each of them', () => {
    const memory = new SimMemory();
    const buffer = memory.allocate(blockBytesMax);
    const block = content.lend(geometry.block(first, 0, blockBytesMax)!, 0);
    memory.write(buffer, 0, block, 0, 100);
    memory.write(buffer, 100, block, 101, blockBytesMax);
    expect(buffer.damage(0)).not.toBe(0);
  });

  it('piece memory distinguishes an incomplete block from a whole one', () => {
    const memory = new SimMemory();
    const buffer = memory.allocate(pieceLength);
    memory.write(buffer, 0, truth, 0, pieceLength - 1);
    expect(flavoursOf(first, buffer).map((flavour) => flavour !== 0)).toEqual([false, false, true]);
  });

  it('piece memory forgets wrong bytes that are overwritten', () => {
    const memory = new SimMemory();
    const buffer = memory.allocate(pieceLength);
    memory.write(buffer, 0, new Uint8Array(pieceLength), 0, pieceLength);
    memory.write(buffer, 0, truth, 0, pieceLength);
    expect(flavoursOf(first, buffer)).toEqual([0, 0, 0]);
    // A reused buffer remembers nothing.
    memory.release(buffer);
    const again = memory.allocate(pieceLength);
    expect(again.damage(0)).not.toBe(0);
    memory.write(again, 0, truth, 0, pieceLength);
    expect(flavoursOf(first, again)).toEqual([0, 0, 0]);
  });

  it('piece memory copies a block from another buffer', () => {
    const memory = new SimMemory();
    const buffer = memory.allocate(pieceLength);
    const aside = memory.allocate(blockBytesMax);
    memory.write(aside, 0, truth, blockBytesMax, 2 * blockBytesMax);
    memory.copy(buffer, blockBytesMax, aside);
    expect(flavoursOf(first, buffer).map((flavour) => flavour !== 0)).toEqual([true, false, true]);
  });

  it('piece memory is released once, counted, and not written to afterwards', () => {
    const memory = new SimMemory();
    const buffer = memory.allocate(10);
    expect([memory.outstanding, memory.outstandingBytes]).toEqual([1, 10]);
    memory.release(buffer);
    expect([memory.outstanding, memory.outstandingBytes]).toEqual([0, 0]);
    expect(() => memory.release(buffer)).toThrow('once');
    expect(() => memory.write(buffer, 0, truth, 0, 1)).toThrow('given back');
  });
});

describe('tokens', () => {
  it('tokens differ for every block, torrent and flavour', () => {
    const tokens = [new Content(geometry, 7), new Content(geometry, 8)].flatMap((torrent) =>
      [0, 1, 0xff].flatMap((flavour) =>
        [0, 1, 2, 3].map((blockNumber) => `${torrent.own(blockNumber, flavour)}`),
      ),
    );
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('a flavour is read back from its bytes', () => {
    const wrong = content.bytes(first, 0, pieceLength, () => 0xbad);
    expect(flavours(first, wrong)).toEqual([0xbad, 0xbad, 0xbad]);
  });

  it('a block in the place of another is wrong', () => {
    const swapped = truth.slice();
    swapped.copyWithin(0, blockBytesMax, 2 * blockBytesMax);
    expect(flavours(first, swapped).map((flavour) => flavour !== 0)).toEqual([true, false, false]);
  });
});
