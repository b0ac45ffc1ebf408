import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { guarded } from './guard.ts';
import { Randomness } from './randomness.ts';
import { Trace } from './trace.ts';

describe('named generators', () => {
  const draws = (random: Randomness, name: string) => {
    const generator = random.of(name);
    return Array.from({ length: 20 }, () => generator.next());
  };

  it('a generator draws the same numbers for the same seed and name', () => {
    expect(draws(new Randomness(5), 'link')).toEqual(draws(new Randomness(5), 'link'));
  });

  it('a generator draws other numbers for another seed or name, also for seeds beyond 32 bits', () => {
    const all = [5, 6, 5 + 2 ** 32].flatMap((seed) =>
      ['link', 'disk', 'link 1', 'link 2'].map((name) => draws(new Randomness(seed), name).join()),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('draws from one generator do not change the draws from another', () => {
    const random = new Randomness(5);
    const link = random.of('link');
    const disk = random.of('disk');
    const drawn = Array.from({ length: 20 }, () => {
      disk.next();
      return link.next();
    });
    expect(drawn).toEqual(draws(random, 'link'));
  });
});

describe('a trace', () => {
  it('a trace hash differs for other values, another order or another number of values', () => {
    const hashes = [[], [0], [0, 0], [1], [1, 2], [2, 1], [2 ** 31], [-1]].map((values) => {
      const trace = new Trace();
      for (const value of values) trace.mix(value);
      return trace.hash;
    });
    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the guard', () => {
  it.each<[string, () => unknown]>([
    ['Date.now', () => Date.now()],
    ['a new Date', () => new Date()],
    ['performance.now', () => performance.now()],
    ['Math.random', () => Math.random()],
    ['setTimeout', () => setTimeout(() => {}, 0)],
    ['setImmediate', () => setImmediate(() => {})],
    ['queueMicrotask', () => queueMicrotask(() => {})],
    ['process.nextTick', () => process.nextTick(() => {})],
    ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(1))],
    ['randomBytes, imported by name', () => randomBytes(1)],
    ['readFileSync, imported by name', () => readFileSync(import.meta.filename)],
    ['a socket', () => new net.Socket().connect(1, '127.0.0.1')],
    ['a promise', () => void Promise.resolve()],
    ['an async function', () => void (async () => {})()],
  ])('a guarded run cannot use %s', (_, reach) => {
    expect(() => guarded(reach)).toThrow('guard:');
  });

  it('the real world is restored after a guarded run, also after one that threw', () => {
    const before = [Date.now, Math.random, setTimeout, performance.now, randomBytes, readFileSync];
    expect(guarded(() => 7)).toBe(7);
    expect(() =>
      guarded(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect([Date.now, Math.random, setTimeout, performance.now, randomBytes, readFileSync]).toEqual(before);
    expect(Date.now()).toBeGreaterThan(0);
  });

  it('the real world stays forbidden after a guarded run within a guarded run', () => {
    expect(() =>
      guarded(() => {
        guarded(() => 1);
        return Date.now();
      }),
    ).toThrow('guard: Date.now');
  });
});
