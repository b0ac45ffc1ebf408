/**
 * Runs a fixed part of the fuzzing (`npm run fuzz -- torrents`), and checks that the runner detects faults.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { Random } from '../fuzz/fuzz-target.ts';
import { targets } from '../fuzz/torrents.ts';

const seed = 20_260_101;
const inputs = 2_000;

test.each(targets.map((target) => [target.name, target] as const))('%s holds its rules', (_name, target) => {
  let input = 0;
  try {
    for (; input < inputs; input++) target.run(new Random(seed, input));
  } catch (error) {
    expect.fail(`input ${input} of seed ${seed}: ${error}`);
  }
});

test('the fuzz runner names each faulty input and the command to repeat it: thrown, hanging, slow or using too much memory', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['test/fuzz/run.ts', 'broken', '--seed', '1'],
    {
      encoding: 'utf8',
    },
  );
  expect(stderr).toBe('');
  expect(status).toBe(1);
  expect(stdout).toMatch(/broken\/throws: FAULT in input \d+\nError: on purpose/);
  expect(stdout).toMatch(/broken\/hangs: FAULT in input \d+\nit did not end within 1500 ms and was killed/);
  expect(stdout).toMatch(/broken\/slow: FAULT in input 0\nit takes \d+ ms/);
  expect(stdout).toMatch(/broken\/hoards: FAULT in input 0\nit takes \d+ MiB/);
  expect(stdout).toMatch(/npm run fuzz -- broken\/hangs --seed 1 --only \d+/);
});
