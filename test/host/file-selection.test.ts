/** What a user wants of a torrent, file by file, as the engine wants it. */
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

describe('a file is wanted', () => {
  it('as much as usual when it is chosen, or with a priority from 0 to 7', () => {
    const choices = [true, false, 1, 7, 3.9, 0, -1, 8, 1_000, Number.NaN];
    expect(choices.map((choice) => filePriority(() => choice, a!))).toEqual([4, 0, 1, 7, 3, 0, 0, 7, 7, 0]);
  });

  it('never when it is a pad', () => {
    expect(filePriority(() => true, pad!)).toBe(0);
  });
});

describe('a piece is wanted', () => {
  it('as much as the file in it that is wanted most, whichever comes first', () => {
    expect(pieces({ a: 2, c: 7 })).toEqual([2, 7, 0, 0, 0]);
    expect(pieces({ a: 7, c: 2 })).toEqual([7, 7, 0, 0, 0]);
    expect(pieces({ d: true })).toEqual([0, 0, 4, 4, 4]);
  });

  it('not for a file that ends where it begins, nor for one without bytes', () => {
    expect(pieces({ c: 1 })).toEqual([0, 1, 0, 0, 0]);
    expect(pieces({ b: 7 })).toEqual([0, 0, 0, 0, 0]);
  });
});
