/** Explanations that have gone stale would hide branches in which nothing is ever found. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codeIn, explains, unreached, wholeFile } from './unreached.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const whys = unreached.flatMap(({ file, branches }) =>
  Object.entries(branches).map(([code, why]) => ({ file, code, why })),
);

describe('branches that no drawn seed reaches', () => {
  it('are explained with code that is in its file', () => {
    const stale = whys.filter(({ file, code }) => {
      const at = `${root}${file}`;
      return !existsSync(at) || (code !== wholeFile && !codeIn(readFileSync(at, 'utf8')).includes(code));
    });
    expect(stale).toEqual([]);
  });

  it('are explained with tests that are there', () => {
    const named = whys.flatMap(({ why, ...of }) =>
      [...why.matchAll(/test\/[\w/.-]+\.ts/g)].map(([test]) => ({ ...of, test })),
    );
    expect(named.filter(({ test }) => !existsSync(`${root}${test}`))).toEqual([]);
  });

  it('are explained in so many words that a reader can judge them', () => {
    expect(
      whys.filter(({ code, why }) => why.length < 20 || (code !== wholeFile && code.length < 9)),
    ).toEqual([]);
  });

  it('are explained once for each file, in order', () => {
    const files = unreached.map(({ file }) => file);
    expect(files).toEqual([...new Set(files)]);
  });

  it('are found by their code, wherever it stands', () => {
    const [{ file, code } = { file: '', code: '' }] = whys.filter((one) => one.code !== wholeFile);
    expect(explains(file, `if (it) ${code} else`)).toBe(true);
    expect(explains(file, 'other code')).toBe(false);
    expect(explains('no/such/file.ts', code)).toBe(false);
  });
});
