import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PiecePicker } from '../../../client/engine/pieces/piece-picker.ts';
import { Prng } from '../../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../../torrents/geometry.ts';

const pieceMax = 12;

/** A naive model of what the picker knows. */
class Model {
  readonly availability: number[];
  readonly candidates: Set<number>;

  constructor(pieceCount: number, missing: ReadonlySet<number>) {
    this.availability = Array(pieceCount).fill(0);
    this.candidates = new Set(missing);
  }

  /** Among the pieces that the peer offers, the candidates with the fewest holders. */
  rarest(offered: ReadonlySet<number>): number[] {
    const possible = [...this.candidates].filter((piece) => offered.has(piece));
    const fewest = Math.min(...possible.map((piece) => this.availability[piece]!));
    return possible.filter((piece) => this.availability[piece] === fewest);
  }
}

const holder = (offered: ReadonlySet<number>) => ({ offers: (piece: PieceIndex) => offered.has(piece) });

type Step =
  | { readonly do: 'have' | 'lost' | 'remove' | 'restore'; readonly piece: number }
  | { readonly do: 'pick'; readonly offered: readonly number[]; readonly begins: boolean };

const piece = fc.nat({ max: pieceMax - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('have', 'lost', 'remove', 'restore'), piece }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pick'), offered: fc.array(piece), begins: fc.boolean() }),
  },
) as fc.Arbitrary<Step>;

describe('any sequence of have, lost, remove, restore and pick', () => {
  it('the picker agrees with a naive model, and picks among the rarest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: pieceMax }),
        fc.array(piece),
        fc.array(step, { maxLength: 80 }),
        fc.nat(),
        (pieceCount, stored, steps, seed) => {
          const geometry = new Geometry(pieceCount * 16_384, 16_384);
          const missing = new Set([...geometry.pieces()].filter((p) => !stored.includes(p)));
          const model = new Model(pieceCount, missing);
          const picker = new PiecePicker(geometry, (p) => missing.has(p), 0, new Prng(seed));
          for (const s of steps) apply(s, model, picker, missing, pieceCount);
          for (const p of geometry.pieces()) expect(picker.availability(p)).toBe(model.availability[p]);
          // Drained, it hands out every candidate once, the rarest first.
          const all = new Set<number>(geometry.pieces());
          while (model.candidates.size > 0) {
            const picked = picker.pick(holder(all));
            expect(model.rarest(all)).toContain(picked);
            picker.remove(picked!);
            model.candidates.delete(picked!);
          }
          expect(picker.pick(holder(all))).toBeUndefined();
        },
      ),
      { numRuns: 400 },
    );
  });

  function apply(s: Step, model: Model, picker: PiecePicker, missing: Set<PieceIndex>, pieceCount: number) {
    if (s.do === 'pick') {
      const offered = new Set(s.offered);
      const picked = picker.pick(holder(offered));
      const rarest = model.rarest(offered);
      if (rarest.length === 0) expect(picked).toBeUndefined();
      else expect(rarest).toContain(picked);
      if (picked !== undefined && s.begins) {
        picker.remove(picked);
        model.candidates.delete(picked);
      }
      return;
    }
    if (s.piece >= pieceCount) return;
    const p = s.piece as PieceIndex;
    if (s.do === 'have') {
      picker.onHave(p);
      model.availability[p]! += 1;
    } else if (s.do === 'lost' && model.availability[p]! > 0) {
      picker.onLost(p);
      model.availability[p]! -= 1;
    } else if (s.do === 'remove' && model.candidates.has(p)) {
      picker.remove(p);
      model.candidates.delete(p);
    } else if (s.do === 'restore' && missing.has(p) && !model.candidates.has(p)) {
      picker.restore(p);
      model.candidates.add(p);
    }
  }
});

describe('the first pieces', () => {
  const geometry = new Geometry(100 * 16_384, 16_384);
  const everything = new Set<number>(geometry.pieces());

  it('the first pieces are picked at random, regardless of rarity, and later ones by rarity', () => {
    const first = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const picker = new PiecePicker(geometry, () => true, 1, new Prng(seed));
      for (const p of geometry.pieces()) if (p !== 7) picker.onHave(p);
      const picked = picker.pick(holder(everything))!;
      first.add(picked);
      picker.remove(picked);
      if (picked !== 7) expect(picker.pick(holder(everything))).toBe(7);
    }
    expect(first.size).toBeGreaterThan(20);
  });

  it('a restart with some pieces stored picks no random first pieces again', () => {
    const picker = new PiecePicker(geometry, (p) => p >= 4, 4, new Prng(1));
    for (const p of geometry.pieces()) if (p !== 50) picker.onHave(p);
    expect(picker.pick(holder(everything))).toBe(50);
  });

  it('two peers that begin at once pick different first pieces among equally rare ones', () => {
    const orders = [1, 2].map((seed) => {
      const picker = new PiecePicker(geometry, () => true, 0, new Prng(seed));
      return Array.from({ length: 10 }, () => {
        const picked = picker.pick(holder(everything))!;
        picker.remove(picked);
        return picked;
      });
    });
    expect(orders[0]).not.toEqual(orders[1]);
  });
});

describe('the version', () => {
  it('the version rises when a piece becomes a candidate again, and only then', () => {
    const geometry = new Geometry(4 * 16_384, 16_384);
    const [p] = [...geometry.pieces()];
    const picker = new PiecePicker(geometry, () => true, 0, new Prng(1));
    const before = picker.version;
    picker.onHave(p!);
    picker.remove(p!);
    picker.onLost(p!);
    expect(picker.version).toBe(before);
    picker.restore(p!);
    expect(picker.version).toBeGreaterThan(before);
  });
});
