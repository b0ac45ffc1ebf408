/** A process has one clock, and gives the time to its parts: see tracker/clock.ts. */
import { expect, it } from 'vitest';
import { codeLines, sourceFiles } from './source-files.ts';

/** `new Date(number)` reads no clock. */
const calendar = /\bDate\.now\b|\bnew Date\(\)|(?<!new )\bDate\(|\bTemporal\.Now\b/;
const anyClock = new RegExp(`${calendar.source}|\\bperformance\\b|\\bhrtime\\b`);

/** These files only measure how long they have worked. */
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

it('the tracker reads the time in one place', () => {
  const wrong = asking('tracker', anyClock, ['tracker/clock.ts']);
  expect(wrong, 'take nowMs or wallMs of tracker/clock.ts from the caller').toEqual([]);
});

it('torrents/ reads no calendar, and measures elapsed time in three files only', () => {
  expect(asking('torrents', calendar, [])).toEqual([]);
  expect(asking('torrents', anyClock, stopwatches), 'a time comes from the caller').toEqual([]);
});

it.each(['const at = Date.now();', 'const now = new Date();', 'wall = Date.now,', 'performance.now()'])(
  'this code reads a clock: %s',
  (code) => expect(code).toMatch(anyClock),
);

it.each(['new Date(atMs).toUTCString()', 'toDate(value)', 'clock.nowMs()'])(
  'this code reads no clock: %s',
  (code) => expect(code).not.toMatch(anyClock),
);
