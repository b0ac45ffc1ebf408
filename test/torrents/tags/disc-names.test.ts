import { expect, it } from 'vitest';
import { discOf, isDiscName, withoutDisc } from '../../../torrents/tags/texts/disc-numbers.ts';

it('a folder name gives the disc in digits, Roman numerals or letters', () => {
  const discs = ['CD1', 'CD 2 - Live', 'Disc III', 'disk_04', 'LP B', 'Диск 5', 'Scans', 'CD', 'Disco'];
  expect(discs.map((folder) => discOf([folder]))).toEqual([
    1,
    2,
    3,
    4,
    2,
    5,
    ...[undefined, undefined, undefined],
  ]);
  expect(discOf(['Box', 'CD 2', 'Extras'])).toBe(2);
});

it.each([
  ['(CD1) The Early Years', 1],
  ['Vol. 1 Disc 2', 2],
  ['Disc One', 1],
  ['Album [Disk III] (Live)', 3],
  ['Album - CD 4 of 6', 4],
  ['Album CD2', 2],
  ['disque deux', 2],
  ['Диск 3', 3],
  ['第二盘', 2],
  ['Side C', 3],
  ['Album (2 CD)', undefined],
  ['Album (CD 320)', undefined],
  ['CD 1999', undefined],
  ['Vol. 2', undefined],
  ['Discovery 1', undefined],
  ['Decide 2', undefined],
  ['1-800-273-8255', undefined],
  ['20-20 Vision', undefined],
])('the folder %s has disc number %s', (folder, disc) => {
  expect(discOf([folder])).toBe(disc);
});

it('the name of a disc gives its album, and a folder of one disc only is recognised', () => {
  for (const disc of ['Album (Disc 2)', 'Album - CD 1', 'Album [cd two: Live]', 'Album, Disc 1 of 3']) {
    expect(withoutDisc(disc)).toBe('Album');
  }
  for (const album of ['Album', 'Disc 1', 'Album (2 CD)', 'Compact Disc', 'Album CD']) {
    expect(withoutDisc(album)).toBe(album);
  }
  expect(['CD1', '(CD2) Live', 'Disc Three', 'Side A'].every(isDiscName)).toBe(true);
  expect(['Album (Disc 1)', 'Side Effects', 'Discs', 'LP'].some(isDiscName)).toBe(false);
});
