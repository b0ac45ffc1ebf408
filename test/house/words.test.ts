/** Checks for plain English, as far as a program can: CONTRIBUTING.md, "Words". */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** Folders whose comments and test names are plain. The others follow. */
const plainFolders = [
  'client/account',
  'client/engine',
  'client/host',
  'client/session',
  'client/sharing',
  'client/wire',
  'torrents',
  'tracker/admission',
  'tracker/catalogue',
  'tracker/community',
  'tracker/database',
  'tracker/moderation',
  'tracker/protocol',
  'tracker/registry',
  'tracker/swarms',
  'test/account',
  'test/engine',
  'test/host',
  'test/session',
  'test/sharing',
  'test/sim/actors',
  'test/sim/kernel',
  'test/sim/replay',
  'test/sim/report',
  'test/sim/runner',
  'test/sim/session',
  'test/sim/storage',
  'test/sim/tracker',
  'test/sim/wire-talk',
  'test/sim/world',
  'test/torrents',
  'test/wire',
  'test/community',
  'test/contract',
  'test/tracker',
  'tracker/http',
];
const columnsMax = 110;
/** These words hide who acts: name the peer, user or tracker. */
const vague =
  /(?<!-)\b(whoever|whomever|somebody|someone|nobody|no one|anybody|anyone|whatever|meanwhile|wherever|for ever)\b(?!-)/i;
const commentLine = /^\s*(\/\/|\/?\*)/;
const testName = /\b(?:it|test)(?:\.\w+(?:\([^)]*\))?)*\(\s*(['"`])(.*?)\1/g;
/** Such a name needs its `describe` to be understood. */
const halfName = /^(that|is|are|has|does|can|whose|which|who|with|of|and|in|at) /;

const files = sourceFiles('torrents', 'tracker', 'client', 'test').filter(({ path }) =>
  plainFolders.some((folder) => path.startsWith(`${folder}/`)),
);

function commentLines(isWrong: (line: string) => boolean): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, i) => ({ line, at: `${path}:${i + 1}` }))
      .filter(({ line }) => commentLine.test(line) && isWrong(line))
      .map(({ at, line }) => `${at}: ${line.trim()}`),
  );
}

const testNames = files
  .filter(({ path }) => path.endsWith('.test.ts'))
  .flatMap(({ path, text }) => [...text.matchAll(testName)].map(([, , name]) => ({ path, name: name! })));

it('comments are at most 110 columns wide', () => {
  expect(commentLines((line) => [...line].length > columnsMax)).toEqual([]);
});

it('comments and test names say who acts', () => {
  const names = testNames.filter(({ name }) => vague.test(name)).map(({ path, name }) => `${path}: ${name}`);
  expect([...commentLines((line) => vague.test(line)), ...names]).toEqual([]);
});

it('a test name reads alone', () => {
  expect(
    testNames.filter(({ name }) => halfName.test(name)).map(({ path, name }) => `${path}: ${name}`),
  ).toEqual([]);
});

it('commit subjects have at most 72 characters', () => {
  /** The rule holds from the first commit after this one. A shallow clone may not have it. */
  const before = '12b24e7';
  let subjects: string[];
  try {
    const options = { cwd: new URL('../..', import.meta.url), encoding: 'utf8', stdio: 'pipe' } as const;
    subjects = execFileSync('git', ['log', '--format=%s', `${before}..HEAD`], options).split('\n');
  } catch {
    return;
  }
  expect(subjects.filter((subject) => subject.length > 72)).toEqual([]);
});
