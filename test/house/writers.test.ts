/**
 * A session, and what is kept of a peer, is looked at by many parts. Each field is written by one of them, so that a reader who
 * finds it wrong knows where to look.
 */
import { expect, it } from 'vitest';
import { codeLines, sourceFiles } from './source-files.ts';

/** What a session or a source is called where it is handed about. */
const holders = 'session|source|other|former|helper|lucky|owner|holder';
const held = 'pieces|pipeline|kept|uploads';
const written = new RegExp(
  `\\b(?:${holders})\\.(?:(?:${held})\\.)?(\\w+)\\s*(?:=(?![=>])|[-+|&*]=|\\+\\+|--)|(?:\\+\\+|--)(?:${holders})\\.(\\w+)`,
  'g',
);

it('each field of a session is written by one part of the engine', () => {
  const writers = new Map<string, Set<string>>();
  for (const { path, text } of sourceFiles('client/engine'))
    for (const { code } of codeLines(text))
      for (const [, field = '', stepped = ''] of code.matchAll(written)) {
        const name = field || stepped;
        writers.set(name, (writers.get(name) ?? new Set()).add(path));
      }
  expect(writers.size).toBeGreaterThan(3);
  const byMany = [...writers].filter(([, paths]) => paths.size > 1);
  expect(byMany.map(([field, paths]) => `${field}: ${[...paths].join(', ')}`)).toEqual([]);
});

it('no part of the engine writes what a session writes itself', () => {
  const own = new Set<string>();
  const files = sourceFiles('client/engine');
  for (const { path, text } of files)
    if (/connection\/peer-(session|voice)\.ts$/.test(path))
      for (const [, field = ''] of text.matchAll(/\bthis\.(\w+)\s*(?:=(?![=>])|[-+]=)/g)) own.add(field);
  const wrong = files
    .filter(({ path }) => !/connection\/peer-(session|voice)\.ts$/.test(path))
    .flatMap(({ path, text }) =>
      codeLines(text).flatMap(({ line, code }) =>
        [...code.matchAll(new RegExp(`\\b(?:${holders})\\.(\\w+)\\s*=(?![=>])`, 'g'))]
          .filter(([, field = '']) => own.has(field))
          .map(([what]) => `${path}:${line} ${what}`),
      ),
    );
  expect(own.size).toBeGreaterThan(10);
  expect(wrong, 'give the session a method for it').toEqual([]);
});
