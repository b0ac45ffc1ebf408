/** A user's selection of files, converted to the priorities of the engine. */
import { describe, expect, it } from 'vitest';
import { type FileChoice, filePriority, piecePriorities } from '../../client/host/file-selection.ts';
import { albumOfSizes } from './storage/storage-bench.ts';

const { metainfo } = albumOfSizes({ a: 20_000, b: 0, c: 12_768, '.pad/1': 10, d: 40_000 });
const [a, , , pad] = metainfo.files;
const by =
  (choices: Readonly<Record<string, boolean | number>>): FileChoice =>
  ({ components }) =>
    choices[components.at(-1)!] ?? false;
const pieces = (choices: Parameters<typeof by>[0]) => [...piecePriorities(metainfo, by(choices))];

describe('file priorities', () => {
  it('a selected file has the default priority, or its own from 0 to 7', () => {
    const choices = [true, false, 1, 7, 3.9, 0, -1, 8, 1_000, Number.NaN];
    expect(choices.map((choice) => filePriority(() => choice, a!))).toEqual([4, 0, 1, 7, 3, 0, 0, 7, 7, 0]);
  });

  it('a pad file is never wanted', () => {
    expect(filePriority(() => true, pad!)).toBe(0);
  });
});

describe('piece priorities', () => {
  it('a piece has the highest priority of its files, in any order', () => {
    expect(pieces({ a: 2, c: 7 })).toEqual([2, 7, 0, 0, 0]);
    expect(pieces({ a: 7, c: 2 })).toEqual([7, 7, 0, 0, 0]);
    expect(pieces({ d: true })).toEqual([0, 0, 4, 4, 4]);
  });

  it('a piece gets no priority from a file that ends where it begins, nor from an empty file', () => {
    expect(pieces({ c: 1 })).toEqual([0, 1, 0, 0, 0]);
    expect(pieces({ b: 7 })).toEqual([0, 0, 0, 0, 0]);
  });
});
