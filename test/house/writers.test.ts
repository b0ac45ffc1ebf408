/**
 * Many parts read a session and what the engine keeps of a peer. Each field has only one writer, so that a
 * wrong value has one place to look for.
 */
import { expect, it } from 'vitest';
import { codeLines, sourceFiles } from './source-files.ts';

/** The variable names for a session or a source in the engine. */
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

it('no part of the engine writes a field that the session writes itself', () => {
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
