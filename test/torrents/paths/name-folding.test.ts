import process from 'node:process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldName } from '../../../torrents/paths/name-folding.ts';
import { deriveDecompositions, deriveFolds, deriveMarkRanks } from './folding-source.ts';

/** The Unicode version of the frozen table. An older runtime knows fewer code points, a newer one more. */
const tableUnicode = 17;
const runtimeUnicode = Number.parseInt(process.versions.unicode ?? '0', 10);
const runtimeKey = (name: string) =>
  name.normalize('NFD').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').normalize('NFD');

test("the frozen table equals the runtime's folding for every code point that both know", () => {
  for (const [code, parts] of [...deriveDecompositions(), ...deriveFolds()]) {
    const text = String.fromCodePoint(code);
    if (runtimeUnicode > tableUnicode && foldName(text) === text) continue;
    const key = foldName(text);
    const expected = foldName(String.fromCodePoint(...parts));
    if (key !== expected) expect.fail(`U+${code.toString(16)}: ${key} is not ${expected}`);
  }
});

test('marks of different combining classes are sorted', () => {
  const marks = [...deriveMarkRanks()].filter(([code]) => code < 0x3000);
  for (let index = 0; index < marks.length; index += 7) {
    const a = String.fromCodePoint(marks[index]![0]);
    const b = String.fromCodePoint(marks[(index * 31 + 11) % marks.length]![0]);
    expect(foldName(`a${a}${b}`) === foldName(`a${b}${a}`)).toBe(
      `a${a}${b}`.normalize() === `a${b}${a}`.normalize(),
    );
  }
});

test.each([
  ['TRACK.FLAC', 'track.flac'],
  ['\u00c9tude', 'e\u0301tude'],
  ['\u1e69', 's\u0307\u0323'],
  ['ΣΊΣΥΦΟΣ', 'σίσυφος'],
  ['МУЗЫКА', 'музыка'],
  ['\ud55c\uae00', '\u1112\u1161\u11ab\u1100\u1173\u11af'],
  ['STRASSE', 'straße'],
  ['\ufb01n', 'FIN'],
  ['\u212bngstr\u00f6m', '\u00c5NGSTRO\u0308M'],
  ['a\u200db', 'ab'],
  ['\u{10400}', '\u{10428}'],
])('%s and %s are one name', (a, b) => expect(foldName(a)).toBe(foldName(b)));

test.each([
  ['a', 'b'],
  ['e', 'é'],
  ['01', '1'],
  ['か', 'が'],
  ['カ', 'か'],
  ['🎵', '🎶'],
])('%s and %s are two names', (a, b) => expect(foldName(a)).not.toBe(foldName(b)));

test('a name has one key in every case and normalization form', () => {
  const name = fc
    .string({ unit: 'binary', maxLength: 12 })
    .filter((text) => !/[\u0345\p{Cn}]/u.test(text.normalize('NFD')));
  fc.assert(
    fc.property(name, (text) => {
      expect(foldName(text.normalize('NFC'))).toBe(foldName(text.normalize('NFD')));
      if (runtimeUnicode === tableUnicode) {
        const bare = text.replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '');
        expect(foldName(bare)).toBe(runtimeKey(bare));
      }
    }),
    { numRuns: 100 },
  );
});
