/** A process has one clock, and its parts are told the time by it: see tracker/clock.ts. */
import { expect, it } from 'vitest';
import { codeLines, sourceFiles } from './source-files.ts';

/** A date made of a number asks nothing. */
const calendar = /\bDate\.now\b|\bnew Date\(\)|(?<!new )\bDate\(|\bTemporal\.Now\b/;
const anyClock = new RegExp(`${calendar.source}|\\bperformance\\b|\\bhrtime\\b`);

/** How long they have worked is all that they ask. */
const stopwatches = [
  'torrents/hashing/backend.ts',
  'torrents/hashing/engine.ts',
  'torrents/release/release.ts',
];

function asking(folder: string, clock: RegExp, but: readonly string[]): string[] {
  return sourceFiles(folder)
    .filter(({ path }) => !but.includes(path))
    .flatMap(({ path, text }) =>
      codeLines(text)
        .filter(({ code }) => clock.test(code))
        .map(({ line }) => `${path}:${line}`),
    );
}

it('the tracker asks one place for the time', () => {
  const wrong = asking('tracker', anyClock, ['tracker/clock.ts']);
  expect(wrong, 'take nowMs or wallMs of tracker/clock.ts from the caller').toEqual([]);
});

it('what makes torrents asks no calendar, and for how long it has worked in three places alone', () => {
  expect(asking('torrents', calendar, [])).toEqual([]);
  expect(asking('torrents', anyClock, stopwatches), 'a time comes from the caller').toEqual([]);
});

it.each(['const at = Date.now();', 'const now = new Date();', 'wall = Date.now,', 'performance.now()'])(
  'this is a clock: %s',
  (code) => expect(code).toMatch(anyClock),
);

it.each(['new Date(atMs).toUTCString()', 'toDate(value)', 'clock.nowMs()'])('this is none: %s', (code) =>
  expect(code).not.toMatch(anyClock),
);
