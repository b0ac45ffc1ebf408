/** Every file says at its top what it is, and holds one idea. */
import { expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

const files = sourceFiles('torrents', 'tracker', 'client', 'test');

/** Tests may be longer: their scenes and tables of cases are read from the top. */
const linesMaxOf = (path: string): number => (path.startsWith('test/') ? 350 : 300);
/** Path → why it is still one idea. */
const longForAReason = new Map([
  ['client/engine/contract.ts', 'every fact and every action: the whole interface between engine and world'],
  ['client/engine/limits.ts', 'one table: each value with its reason'],
]);

it('every file begins with a comment', () => {
  // The names of tests are sentences: what else there is to say of them is for their authors to judge.
  const sources = files.filter(({ path }) => !path.endsWith('.test.ts'));
  const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/[*/]/.test(text));
  expect(
    bare.map(({ path }) => path),
    'what it owns, its invariant, what it leaves to others: docs/architecture.md, "Comments"',
  ).toEqual([]);
});

it('no source file is longer than 300 lines, and no test than 350, without a reason', () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > linesMaxOf(path) && !longForAReason.has(path))
    .map(({ path, lines }) => `${path}: ${lines}`);
  expect(long, 'one idea a file: which two are in it?').toEqual([]);
});
