/** A stale explanation would hide a branch in which the simulator finds no bugs. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codeIn, explains, unreached, wholeFile } from './unreached.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const whys = unreached.flatMap(({ file, branches }) =>
  Object.entries(branches).map(([code, why]) => ({ file, code, why })),
);

describe('branches that no drawn seed reaches', () => {
  it('the code of every explained branch exists in its file', () => {
    const stale = whys.filter(({ file, code }) => {
      const at = `${root}${file}`;
      return !existsSync(at) || (code !== wholeFile && !codeIn(readFileSync(at, 'utf8')).includes(code));
    });
    expect(stale).toEqual([]);
  });

  it('every test named in an explanation exists', () => {
    const named = whys.flatMap(({ why, ...of }) =>
      [...why.matchAll(/test\/[\w/.-]+\.ts/g)].map(([test]) => ({ ...of, test })),
    );
    expect(named.filter(({ test }) => !existsSync(`${root}${test}`))).toEqual([]);
  });

  it('every explanation and every piece of code is long enough to judge', () => {
    expect(
      whys.filter(({ code, why }) => why.length < 20 || (code !== wholeFile && code.length < 9)),
    ).toEqual([]);
  });

  it('every file with explained branches is listed once', () => {
    const files = unreached.map(({ file }) => file);
    expect(files).toEqual([...new Set(files)]);
  });

  it('an explained branch is found by its code inside a longer text', () => {
    const [{ file, code } = { file: '', code: '' }] = whys.filter((one) => one.code !== wholeFile);
    expect(explains(file, `if (it) ${code} else`)).toBe(true);
    expect(explains(file, 'other code')).toBe(false);
    expect(explains('no/such/file.ts', code)).toBe(false);
  });
});
