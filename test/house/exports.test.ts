/** Every export must be used by another file. An unused export is a useless promise and hides dead code. */
import { expect, it } from 'vitest';
import { codeLines, sourceFiles } from './source-files.ts';

const declared =
  /^export (?:declare )?(?:abstract )?(?:async )?(const|let|function\*?|class|enum|interface|type) (\w+)/;

const files = sourceFiles('torrents', 'tracker', 'client', 'test').map((file) => ({
  ...file,
  words: new Set(codeLines(file.text).flatMap(({ code }) => code.match(/\b[A-Za-z_]\w*\b/g) ?? [])),
}));

it('every export is used by a file that imports it, but a type may be used only by its own file', () => {
  const usersOf = new Map<string, (typeof files)[number][]>();
  for (const file of files)
    for (const target of file.ours) usersOf.set(target, [...(usersOf.get(target) ?? []), file]);
  const loadedByName = new Set(files.flatMap(({ byUrl }) => byUrl));
  const idle = files.flatMap(({ path, text }) => {
    // Threads and the fuzz runner load files by name. Declaration files describe other packages.
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
