/** The contents of the published package: its dependencies, and calls that it must not contain. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandTable } from '../../client/cli/commands.ts';
import { codeLines, sourceFiles } from './source-files.ts';

const shipped = sourceFiles('torrents', 'tracker', 'client', 'test/sim').filter(
  ({ path }) => !path.endsWith('.test.ts'),
);
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** `@scope/name/part` → `@scope/name`. */
function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
}

it("no folder is made with Node's recursive mkdir, which never returns in /proc", () => {
  const wrong = shipped.flatMap(({ path, text }) =>
    [...text.matchAll(/\b(?:mkdir|mkdirSync|cp|cpSync)\([^;]*?\brecursive\b/g)].map(({ 0: call, index }) => {
      return `${path}:${text.slice(0, index).split('\n').length} ${call.split('(', 1)[0]}`;
    }),
  );
  // The simulator's mutants are made in a checkout, in the folder for temporary files.
  const ours = wrong.filter((line) => !line.startsWith('test/sim/mutants/'));
  expect(ours, 'makeFolders of torrents/make-folders.ts ends everywhere').toEqual([]);
});

it('the shipped source imports every dependency, and every imported package is a dependency', () => {
  const imported = new Set(
    shipped.flatMap(({ text, foreign }) => [
      ...foreign.filter((name) => !name.startsWith('node:')).map(packageOf),
      // A file of a package, resolved by its name.
      ...codeLines(text).flatMap(({ code }) =>
        [...code.matchAll(/import\.meta\.resolve\('([^'.][^']*)'/g)].map((match) => packageOf(match[1]!)),
      ),
    ]),
  );
  const declared = Object.keys(manifest.dependencies);
  expect(
    declared.filter((name) => !imported.has(name)),
    'nothing imports these: use them or remove them',
  ).toEqual([]);
  expect(
    [...imported].filter((name) => !declared.includes(name)).sort(),
    'imported and not declared',
  ).toEqual([]);
});

it('every printed command begins with the name by which this program was called', () => {
  const { names, aliases } = commandTable;
  const words = [...names, ...Object.keys(aliases), 'COMMAND', '--help'].join('|');
  const literal = new RegExp(`\\bcicada (${words})(?![\\w-])`);
  const wrong = shipped
    .filter(({ path }) => /^client\/(cli|host|community)\//.test(path))
    .flatMap(({ path, text }) => codeLines(text).map((line) => ({ path, ...line })))
    .filter(({ code }) => literal.test(code))
    .map(({ path, line }) => `${path}:${line}`);
  expect(wrong, 'calledAs, commandLine() or commandElsewhere() of client/cli/screen/command-line.ts').toEqual(
    [],
  );
});
