import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fluidBoundSeconds, jainIndex, mean, quantile, standardDeviation } from './measures.ts';

const line = (upBps: number, downBps: number) => ({ upBps, downBps });
const wants = (upBps: number, downBps: number, joinSeconds = 0, missingBytes = 100) => ({
  ...line(upBps, downBps),
  ...{ joinSeconds, missingBytes },
});

describe('the fluid bound', () => {
  it('the bound is the time of the first copy when the seed is the bottleneck', () => {
    expect(fluidBoundSeconds([line(1, 1)], 100, [wants(50, 50), wants(50, 50)])).toBe(100);
  });

  it('the bound is the time of the slowest downlink when that is the bottleneck', () => {
    expect(fluidBoundSeconds([line(50, 50)], 100, [wants(50, 50), wants(50, 2)])).toBe(50);
  });

  it('the bound is the time of all uplinks together when they are the bottleneck', () => {
    const thirsty = [wants(0, 100), wants(0, 100), wants(0, 100)];
    expect(fluidBoundSeconds([line(10, 10)], 100, thirsty)).toBe(30);
  });

  it('the bound includes receivers that join late', () => {
    expect(fluidBoundSeconds([line(50, 50)], 100, [wants(50, 50), wants(50, 50, 90)])).toBe(92);
  });

  it('the bound counts only missing bytes', () => {
    expect(fluidBoundSeconds([], 0, [wants(1, 100, 0, 10), wants(1, 100, 0, 30)])).toBe(20);
    expect(fluidBoundSeconds([], 0, [])).toBe(0);
  });
});

describe('fairness', () => {
  it("Jain's index is 1 for equal shares, and 1/n when one peer has everything", () => {
    expect(jainIndex([3, 3, 3])).toBe(1);
    expect(jainIndex([4, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([0, 0])).toBe(1);
  });

  it("Jain's index lies between 1/n and 1 at any scale", () => {
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

it('quantile, mean and standardDeviation follow their textbook definitions', () => {
  expect(quantile([5, 1, 3, 2, 4], 0.5)).toBe(3);
  expect(quantile([5, 1], 1)).toBe(5);
  expect(mean([1, 2, 6])).toBe(3);
  expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.138, 3);
  expect(standardDeviation([7])).toBe(0);
});
