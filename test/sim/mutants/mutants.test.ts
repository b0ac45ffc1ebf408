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

it('a mutant uses only private names that its file has: any other is a syntax error, and found by no rule', () => {
  const broken = mutants.filter(({ file, from, to }) => {
    const mutated = readFileSync(new URL(file, root), 'utf8').replace(from, () => to);
    return [...to.matchAll(/\.(#\w+)/g)].some(([, name]) => !declares(mutated, name!));
  });
  expect(broken.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});

/** Whether a class of this file declares the private field or method. */
function declares(text: string, name: string): boolean {
  return new RegExp(`^ +(?:static |readonly |async |get |set |\\*)*${name}\\b`, 'm').test(text);
}
