/**
 * What every PieceMemory must do (client/engine/contract.ts), tested with the real and the simulated one: a
 * piece is right exactly if the right bytes were written last, in any order and in any runs.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PieceBuffer, PieceMemory } from '../../client/engine/contract.ts';
import { type SharedPieceBuffer, SharedPieceMemory } from '../../client/host/storage/shared-piece-memory.ts';
import { blockBytesMax, Geometry } from '../../torrents/geometry.ts';
import { Content } from '../sim/world/content.ts';
import { type SimBuffer, SimMemory } from '../sim/world/piece-memory.ts';

/** Two blocks and a part of a third. */
const pieceBytes = 2 * blockBytesMax + 100;
const content = new Content(new Geometry(pieceBytes, pieceBytes), 5);
const [piece] = [...content.geometry.pieces()];
const truth = content.bytes(piece!, 0, pieceBytes);

interface MemoryBench {
  readonly memory: PieceMemory;
  /** Whether the buffer holds the right piece, as its hash would show. */
  isRight(buffer: PieceBuffer): boolean;
}

const benches: Readonly<Record<string, () => MemoryBench>> = {
  'The shared memory of a machine': () => ({
    memory: new SharedPieceMemory(4 * 1024 * 1024),
    isRight: (buffer) => (buffer as SharedPieceBuffer).view.equals(truth),
  }),
  'The simulated memory': () => ({
    memory: new SimMemory(),
    isRight: (buffer) => {
      const held = buffer as SimBuffer;
      return [0, 1, 2].every((block) => {
        const bytes = held.blockBytes(block);
        const isWhole = held.damage(block) === 0;
        return isWhole && content.flavourOf(block, held.own(block), held.place(block), bytes) === 0;
      });
    },
  }),
};

describe.each(Object.entries(benches))('%s', (_, open) => {
  /** Writes a piece in runs, cut at these positions. */
  function fill(
    { memory }: MemoryBench,
    buffer: PieceBuffer,
    bytes: Uint8Array,
    cuts: readonly number[],
  ): void {
    const ends = [...cuts, bytes.length].sort((a, b) => a - b);
    let from = 0;
    for (const to of ends) {
      if (to > from) memory.write(buffer, from, bytes, from, to);
      from = to;
    }
  }
  const cutsOf = fc.array(fc.nat({ max: pieceBytes }), { maxLength: 8 });

  it('a buffer holds what was written, in any runs', () => {
    const bench = open();
    fc.assert(
      fc.property(cutsOf, (cuts) => {
        const buffer = bench.memory.allocate(pieceBytes);
        expect(buffer.bytes).toBe(pieceBytes);
        fill(bench, buffer, truth, cuts);
        expect(bench.isRight(buffer)).toBe(true);
        bench.memory.release(buffer);
      }),
    );
  });

  it('a buffer with one wrong byte is wrong, until the byte is overwritten', () => {
    const bench = open();
    fc.assert(
      fc.property(fc.nat({ max: pieceBytes - 1 }), cutsOf, (at, cuts) => {
        const buffer = bench.memory.allocate(pieceBytes);
        const wrong = truth.slice();
        wrong[at] = wrong[at]! ^ 0x55;
        fill(bench, buffer, wrong, cuts);
        expect(bench.isRight(buffer)).toBe(false);
        fill(bench, buffer, truth, cuts);
        expect(bench.isRight(buffer)).toBe(true);
        bench.memory.release(buffer);
      }),
    );
  });

  it('blocks may be written in any order', () => {
    const bench = open();
    const buffer = bench.memory.allocate(pieceBytes);
    for (const block of [2, 0, 1]) {
      const from = block * blockBytesMax;
      bench.memory.write(buffer, from, truth, from, Math.min(pieceBytes, from + blockBytesMax));
    }
    expect(bench.isRight(buffer)).toBe(true);
  });

  it('a block can be copied from another buffer over wrong bytes', () => {
    const bench = open();
    const { memory } = bench;
    const buffer = memory.allocate(pieceBytes);
    const zeros = new Uint8Array(pieceBytes);
    fill(bench, buffer, zeros, []);
    for (const block of [0, 1, 2]) {
      const from = block * blockBytesMax;
      const bytes = Math.min(blockBytesMax, pieceBytes - from);
      const aside = memory.allocate(bytes);
      expect(bench.isRight(buffer)).toBe(false);
      memory.write(aside, 0, truth, from, from + bytes);
      memory.copy(buffer, from, aside);
      memory.release(aside);
    }
    expect(bench.isRight(buffer)).toBe(true);
  });

  it('buffers are separate', () => {
    const bench = open();
    const [a, b] = [bench.memory.allocate(pieceBytes), bench.memory.allocate(pieceBytes)];
    fill(bench, a, truth, []);
    fill(bench, b, new Uint8Array(pieceBytes), []);
    expect([bench.isRight(a), bench.isRight(b)]).toEqual([true, false]);
  });
});
