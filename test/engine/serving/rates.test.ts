import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TransferMeter } from '../../../client/engine/connection/transfer-meter.ts';
import { TokenBucket } from '../../../client/engine/serving/token-bucket.ts';

const block = 16_384;

describe('a rate limit', () => {
  it('a rate limit of 0 is no limit', () => {
    const bucket = new TokenBucket(0);
    for (let i = 0; i < 100; i++) expect(bucket.take(1e9, 0)).toBe(true);
  });

  it('a rate limit is never exceeded by more than a burst and a block, however often it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 50_000_000 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 5, maxLength: 100 }),
        (bpsMax, steps) => {
          const bucket = new TokenBucket(bpsMax);
          let nowMs = 5_000;
          bucket.take(0, nowMs);
          const startMs = nowMs;
          let taken = 0;
          for (const stepMs of steps) {
            nowMs += stepMs;
            while (bucket.take(block, nowMs)) taken += block;
          }
          expect(taken).toBeLessThanOrEqual(((nowMs - startMs) * bpsMax) / 1000 + bpsMax / 4 + block + 1);
        },
      ),
    );
  });

  it.each([1, 3, 30, 999, 20_000, 1_000_003, 100_000_000])(
    'a rate limit of %i bytes a second is reached',
    (bpsMax) => {
      const bucket = new TokenBucket(bpsMax);
      let taken = 0;
      const bytes = Math.max(1, Math.min(block, Math.floor(bpsMax / 40)));
      // One minute, asked every seven milliseconds.
      for (let nowMs = 0; nowMs <= 60_000; nowMs += 7) while (bucket.take(bytes, nowMs)) taken += bytes;
      expect(taken).toBeGreaterThan(60 * bpsMax * 0.98);
      expect(taken).toBeLessThanOrEqual(60.25 * bpsMax + Math.max(1, bytes));
    },
  );

  it('a rate limit lets a block larger than its burst pass, and time pays the debt', () => {
    const bucket = new TokenBucket(1_000);
    expect(bucket.take(block, 1_000)).toBe(true);
    expect(bucket.take(1, 1_001)).toBe(false);
    for (let nowMs = 1_050; nowMs <= 17_000; nowMs += 50) expect(bucket.take(1, nowMs)).toBe(false);
    expect(bucket.take(1, 17_200)).toBe(true);
  });

  it('time pays a debt, even without calls', () => {
    const bucket = new TokenBucket(1_000);
    expect(bucket.take(16_384, 1_000)).toBe(true);
    expect(bucket.take(1, 60_000)).toBe(true);
  });

  it('a pause saves up no more than a burst', () => {
    const bucket = new TokenBucket(100_000);
    bucket.take(0, 0);
    let taken = 0;
    while (bucket.take(1_000, 3_600_000)) taken += 1_000;
    expect(taken).toBe(25_000);
  });
});

describe('a changed rate limit', () => {
  it('a new rate limit applies at once, and the saved tokens are cut to the new burst', () => {
    const bucket = new TokenBucket(1_000_000);
    bucket.take(0, 10_000);
    bucket.setLimit(1_000, 20_000);
    let taken = 0;
    for (let nowMs = 20_000; nowMs <= 30_000; nowMs += 10) while (bucket.take(1, nowMs)) taken += 1;
    expect(taken).toBe(10_250);
  });

  it('a debt is paid at the new rate', () => {
    const bucket = new TokenBucket(1_000);
    expect(bucket.take(block, 1_000)).toBe(true);
    bucket.setLimit(100_000, 1_000);
    expect(bucket.take(1, 1_160)).toBe(false);
    expect(bucket.take(1, 1_170)).toBe(true);
  });

  it('the time without a limit earns no tokens', () => {
    const bucket = new TokenBucket(0);
    expect(bucket.take(1e9, 5_000)).toBe(true);
    bucket.setLimit(1_000, 100_000);
    expect(bucket.take(1, 100_000)).toBe(false);
    expect(bucket.take(1, 100_001)).toBe(true);
  });

  it('a rate limit that is set to 0 ends at once', () => {
    const bucket = new TokenBucket(1_000);
    expect(bucket.take(block, 1_000)).toBe(true);
    bucket.setLimit(0, 1_001);
    expect(bucket.take(1e9, 1_001)).toBe(true);
  });
});

describe('a transfer meter', () => {
  it('a meter counts every byte', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1_000_000 })), (runs) => {
        const meter = new TransferMeter();
        for (const bytes of runs) {
          meter.add(bytes);
          meter.tick(500);
        }
        expect(meter.total).toBe(runs.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it('a meter reaches a steady rate, and returns to zero, in integers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500_000_000 }),
        fc.integer({ min: 100, max: 2_000 }),
        (bps, tickMs) => {
          const meter = new TransferMeter();
          const bytes = Math.floor((bps * tickMs) / 1000);
          for (let i = 0; i < 100; i++) {
            meter.add(bytes);
            meter.tick(tickMs);
            expect(Number.isInteger(meter.rate)).toBe(true);
          }
          expect(Math.abs(meter.rate - (bytes * 1000) / tickMs)).toBeLessThanOrEqual(4);
          for (let i = 0; i < 100; i++) meter.tick(tickMs);
          expect(meter.rate).toBe(0);
        },
      ),
    );
  });

  it('a meter reaches most of a new rate within four seconds, and one burst changes it little', () => {
    const meter = new TransferMeter();
    for (let i = 0; i < 8; i++) {
      meter.add(500_000);
      meter.tick(500);
    }
    expect(meter.rate).toBeGreaterThan(850_000);
    const spiky = new TransferMeter();
    spiky.add(1_000_000);
    spiky.tick(500);
    expect(spiky.rate).toBe(500_000);
  });
});
