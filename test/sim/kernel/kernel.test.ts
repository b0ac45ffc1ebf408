import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { guarded } from './guard.ts';
import { Randomness } from './randomness.ts';
import { Trace } from './trace.ts';

describe('chance by name', () => {
  const draws = (random: Randomness, name: string) => {
    const generator = random.of(name);
    return Array.from({ length: 20 }, () => generator.next());
  };

  it('is the same for the same seed and name', () => {
    expect(draws(new Randomness(5), 'link')).toEqual(draws(new Randomness(5), 'link'));
  });

  it('is another one for another seed or name, also beyond 32 bits', () => {
    const all = [5, 6, 5 + 2 ** 32].flatMap((seed) =>
      ['link', 'disk', 'link 1', 'link 2'].map((name) => draws(new Randomness(seed), name).join()),
    );
    expect(new Set(all).size).toBe(all.length);
  });

  it('of one part is not moved by what another part draws', () => {
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
  it('tells values, their order and their number apart', () => {
    const hashes = [[], [0], [0, 0], [1], [1, 2], [2, 1], [2 ** 31], [-1]].map((values) => {
      const trace = new Trace();
      for (const value of values) trace.mix(value);
      return trace.hash;
    });
    expect(new Set(hashes).size).toBe(hashes.length);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('the real world', () => {
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
  ])('is shut out of a run: %s', (_, reach) => {
    expect(() => guarded(reach)).toThrow('guard:');
  });

  it('is back after a run, also after one that threw', () => {
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

  it('stays shut out when a run is started within a run', () => {
    expect(() =>
      guarded(() => {
        guarded(() => 1);
        return Date.now();
      }),
    ).toThrow('guard: Date.now');
  });
});
