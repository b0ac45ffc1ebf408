import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fluidBoundSeconds, jainIndex, mean, quantile, standardDeviation } from './measures.ts';

const at = (upBps: number, downBps: number, joinSeconds = 0) => ({ upBps, downBps, joinSeconds });

describe('the fluid bound', () => {
  it('is the first copy when the seed is the narrowest', () => {
    expect(fluidBoundSeconds(100, [at(1, 1)], [at(50, 50), at(50, 50)])).toBe(100);
  });

  it('is the slowest line down when that is', () => {
    expect(fluidBoundSeconds(100, [at(50, 50)], [at(50, 50), at(50, 2)])).toBe(50);
  });

  it('is what all can give together when that is least', () => {
    expect(fluidBoundSeconds(100, [at(10, 10)], [at(0, 100), at(0, 100), at(0, 100)])).toBe(30);
    expect(fluidBoundSeconds(100, [at(10, 10)], [at(0, 100), at(0, 100), at(0, 100)], [at(20, 0)])).toBe(10);
  });

  it('waits for whoever comes late', () => {
    expect(fluidBoundSeconds(100, [at(50, 50)], [at(50, 50), at(50, 50, 90)])).toBe(92);
  });
});

describe('fairness', () => {
  it('is 1 when all are alike and 1/n when one has everything', () => {
    expect(jainIndex([3, 3, 3])).toBe(1);
    expect(jainIndex([4, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([0, 0])).toBe(1);
  });

  it('lies between the two, whatever the scale', () => {
    const shares = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(shares, (values) => {
        const index = jainIndex(values);
        expect(index).toBeGreaterThanOrEqual(1 / values.length - 1e-9);
        expect(index).toBeLessThanOrEqual(1 + 1e-9);
        expect(jainIndex(values.map((value) => value * 1000))).toBeCloseTo(index, 9);
      }),
    );
  });
});

it('quantiles, means and spreads are those of the textbook', () => {
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([5, 1], 1)).toBe(5);
  expect(mean([1, 2, 6])).toBe(3);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.138, 3);
  expect(standardDeviation([7])).toBe(0);
});
