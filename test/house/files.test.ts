/** Every file begins with what it is for, and holds one idea. */
import { expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

const files = sourceFiles('torrents', 'tracker', 'client', 'test');

/** Tests may be longer: their scenes and tables are read from the top. */
const linesMaxOf = (path: string): number => (path.startsWith('test/') ? 350 : 300);
/** Path → why the file is still one idea. */
const longForAReason = new Map([
  ['client/engine/contract.ts', 'every fact and every action: the whole interface between engine and world'],
  ['client/engine/limits.ts', 'one table: each value with its reason'],
]);

it('every file begins with a comment', () => {
  // Test names are whole sentences. More is up to the author of a test.
  const sources = files.filter(({ path }) => !path.endsWith('.test.ts'));
  const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/[*/]/.test(text));
  expect(
    bare.map(({ path }) => path),
    'what it owns, its invariant, what it leaves to others: docs/architecture.md, "Comments"',
  ).toEqual([]);
});

it('without a reason, no source file is longer than 300 lines and no test longer than 350', () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > linesMaxOf(path) && !longForAReason.has(path))
    .map(({ path, lines }) => `${path}: ${lines}`);
  expect(long, 'one idea a file: which two are in it?').toEqual([]);
});
