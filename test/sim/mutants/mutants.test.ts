import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { mutants } from './mutants.ts';

const root = new URL('../../../', import.meta.url);

it('the replaced text of every mutant occurs exactly once in its file', () => {
  const outOfDate = mutants.filter(
    ({ file, from }) => readFileSync(new URL(file, root), 'utf8').split(from).length !== 2,
  );
  expect(outOfDate.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});

it('every mutant has a unique name and changes its file', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.filter(({ from, to }) => from === to)).toEqual([]);
});
