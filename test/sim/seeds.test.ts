/**
 * Two hundred new seeds in every run of the tests. The first is printed; CICADA_SIM_SEED repeats it, and
 * .ci/run derives it from the state of the sources.
 */
import process from 'node:process';
import { expect, it } from 'vitest';
import { runSeeds } from './cli/seed-pool.ts';

const count = 200;
const jobs = 2;

it(`${count} new seeds pass`, { timeout: 300_000 }, async () => {
  const given = process.env.CICADA_SIM_SEED;
  const from = given === undefined ? Date.now() % 0xffff_0000 : Number(given);
  console.log(
    `sim: ${count} seeds from ${from}; again: CICADA_SIM_SEED=${from}, or npm run sim -- --seeds ${count} --from ${from}`,
  );
  const { passed, failure } = await runSeeds({ from, count, jobs });
  expect(failure, `npm run sim -- --seed ${failure?.seed}`).toBeUndefined();
  expect(passed).toBe(count);
});
