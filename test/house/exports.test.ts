/**
 * What a file exports is its promise to others: one that no other file takes up is a promise for nothing, and hides code
 * that has died.
 */
import { expect, it } from 'vitest';
import { codeLines, sourceFiles } from './source-files.ts';

const declared =
  /^export (?:declare )?(?:abstract )?(?:async )?(const|let|function\*?|class|enum|interface|type) (\w+)/;

const files = sourceFiles('torrents', 'tracker', 'client', 'test').map((file) => ({
  ...file,
  words: new Set(codeLines(file.text).flatMap(({ code }) => code.match(/\b[A-Za-z_]\w*\b/g) ?? [])),
}));

it('everything that a file exports is used by a file that imports it; a type may be used by its own file alone', () => {
  const usersOf = new Map<string, (typeof files)[number][]>();
  for (const file of files)
    for (const target of file.ours) usersOf.set(target, [...(usersOf.get(target) ?? []), file]);
  const loadedByName = new Set(files.flatMap(({ byUrl }) => byUrl));
  const idle = files.flatMap(({ path, text }) => {
    // What threads and the fuzzer load is looked for by its name; declarations describe others' packages.
    if (loadedByName.has(path) || path.startsWith('test/fuzz/') || path.endsWith('.d.ts')) return [];
    const users = usersOf.get(path) ?? [];
    return codeLines(text).flatMap(({ line, code }) => {
      const [, kind, name = ''] = declared.exec(code) ?? [];
      if (kind === undefined || users.some(({ words }) => words.has(name))) return [];
      const own = text.match(new RegExp(`\\b${name}\\b`, 'g'))!.length;
      return /^(interface|type)$/.test(kind) && own > 1 ? [] : [`${path}:${line} ${name}`];
    });
  });
  expect(idle, 'no other file uses these: take `export` away, or remove them').toEqual([]);
});
