/** Every file says at its top what it is, and holds one idea. */
import { expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

const files = sourceFiles('torrents', 'tracker', 'client', 'test');

/** A file past 300 lines is asking to be two; past this it is not asked any more. */
const linesMax = 350;
/** Path → why it is still one idea. */
const longForAReason = new Map<string, string>([]);

it('every file begins with a comment', () => {
  // The names of tests are sentences: what else there is to say of them is for their authors to judge.
  const sources = files.filter(({ path }) => !path.endsWith('.test.ts'));
  const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/[*/]/.test(text));
  expect(
    bare.map(({ path }) => path),
    'what it owns, its invariant, what it leaves to others: docs/architecture.md, "Comments"',
  ).toEqual([]);
});

it(`no file is longer than ${linesMax} lines`, () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => lines > linesMax && !longForAReason.has(path))
    .map(({ path, lines }) => `${path}: ${lines}`);
  expect(long, 'one idea a file: which two are in it?').toEqual([]);
});
