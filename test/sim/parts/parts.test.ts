import { expect, it } from 'vitest';
import { TokenBucket } from '../../../client/engine/serving/token-bucket.ts';
import { Randomness } from '../kernel/randomness.ts';
import { parts, runParts } from './run-parts.ts';
import { agree, inSteps } from './step.ts';

it('parts of the engine agree with their models in any seed', () => {
  for (let seed = 1; seed <= 60; seed++) expect(runParts(seed), `seed ${seed}`).toBeUndefined();
});

it('a part that differs from its model fails under its name', () => {
  const take = TokenBucket.prototype.take;
  TokenBucket.prototype.take = () => true;
  try {
    const failures = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => runParts(seed)?.checker);
    expect(failures).toContain('part: rate limit');
  } finally {
    TokenBucket.prototype.take = take;
  }
});

it('every part has a name of its own, which seeds its random numbers', () => {
  expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  for (const { play } of parts) expect(play(new Randomness(5).of('another'))).toBeUndefined();
});

it('a part that is played in steps reports the step that differs, and what it throws', () => {
  const random = () => new Randomness(1).of('steps');
  const wrong = { name: 'wrong', begin: () => () => agree('a number', 1, 2) };
  expect(inSteps(wrong).play(random())).toBe('step 1: a number is 1, and should be 2');
  const throwing = {
    name: 'throwing',
    begin: () => () => {
      throw new TypeError('no such thing');
    },
  };
  expect(inSteps(throwing).play(random())).toBe('step 1: throws TypeError: no such thing');
});
