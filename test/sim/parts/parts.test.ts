import { expect, it } from 'vitest';
import { TokenBucket } from '../../../client/engine/token-bucket.ts';
import { Randomness } from '../kernel/randomness.ts';
import { parts, runParts } from './run-parts.ts';

it('parts of the engine are as their models say, in any seed', () => {
  for (let seed = 1; seed <= 60; seed++) expect(runParts(seed), `seed ${seed}`).toBeUndefined();
});

it('a part that is not as its model says fails under its name', () => {
  const take = TokenBucket.prototype.take;
  TokenBucket.prototype.take = () => true;
  try {
    const failures = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => runParts(seed)?.checker);
    expect(failures).toContain('part: rate limit');
  } finally {
    TokenBucket.prototype.take = take;
  }
});

it('every part has a name of its own, which is where its luck comes from', () => {
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  for (const { play } of parts) expect(play(new Randomness(5).of('another'))).toBeUndefined();
});
