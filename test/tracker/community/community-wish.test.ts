import { expect, it } from 'vitest';
import { keyWord, type Wish, type WishedRelease, wishable } from '../../../tracker/community/inbox/wish.ts';

const release: WishedRelease = {
  title: 'Kalk Samen Kuri no Hana',
  artist: '椎名林檎',
  genre: 'Art Pop',
  year: 2003,
  tracks: [
    { title: 'Shūkyō', codec: 'flac', isLossless: true, bitRate: 900_000 },
    { title: 'Doppelgänger', codec: 'mp3', isLossless: false, bitRate: 192_000 },
  ],
};

it.each<[Wish, boolean]>([
  [{ query: 'kalk' }, true],
  [{ query: 'KALK hana doppel' }, true],
  [{ query: 'shukyo 林檎' }, true],
  [{ query: '椎名' }, true],
  [{ query: 'kalk stem' }, false],
  // Both words occur, but in two songs.
  [{ query: 'shukyo doppelganger' }, false],
  [{ query: 'hana', format: 'FLAC' }, true],
  [{ query: 'doppelganger', isLossless: true }, false],
  [{ query: 'doppelganger', bitRateMin: 192_000 }, true],
  [{ query: 'doppelganger', bitRateMin: 256_000 }, false],
  [{ query: 'kuri', yearFrom: 2003, yearTo: 2003 }, true],
  [{ query: 'kuri', yearTo: 2002 }, false],
])('whether the wish %j matches the release: %s', (wish, comesTrue) =>
  expect(wishable(release).isWished(wish)).toBe(comesTrue),
);

it.each([
  ['any', ['CC BY 4.0', 'CC0', 'Public domain', 'mine alone', 'CC BY 4.0 / CC0']],
  ['cc', ['CC BY 4.0', 'CC0', 'CC BY 4.0 / CC0']],
  ['cc-by', ['CC BY 4.0']],
  ['cc0', ['CC0']],
  ['public-domain', ['Public domain']],
  ['other', ['mine alone']],
  ['cc-by-sa', []],
])('a wish for the licence %s matches %j', (licence, comesTrue) => {
  const names = ['CC BY 4.0', 'CC0', 'Public domain', 'mine alone', 'CC BY 4.0 / CC0', undefined];
  const wished = names.filter((name) =>
    wishable({ ...release, ...(name !== undefined && { licence: name }) }).isWished({
      query: 'kalk',
      licence,
    }),
  );
  expect(wished).toEqual(comesTrue);
});

it('a wish with a year does not match a release without one', () => {
  const { year: _, ...undated } = release;
  expect(wishable(undated).isWished({ query: 'kalk', yearFrom: 1900 })).toBe(false);
});

it('a wish for whole words is found by its key word', () => {
  for (const query of ['kalk', 'art pop doppelganger', '椎名林檎', 'hana kuri']) {
    expect(wishable(release).keyWords).toContain(keyWord({ query }));
  }
});

it('a wish without a word is invalid, and a release without tracks can match', () => {
  expect(keyWord({ query: '* " -' })).toBeUndefined();
  expect(wishable({ ...release, tracks: [] }).isWished({ query: 'kalk' })).toBe(true);
});

it.each([
  ['acdc', 'AC/DC'],
  ['kesha', 'Ke$ha'],
  ['sinead o connor', 'Sinéad O’Connor'],
  ['周杰伦', '周杰倫'],
  ['カタ', 'かたおもい'],
  ['tchaikovsky', 'Чайковский'],
  ['земфира', 'Zemfira'],
  ['black bird', 'Blackbird'],
  ['รักครั้ง', 'ความรักครั้งสุดท้าย'],
])('a wish for %s matches %s', (query, artist) => {
  const { keyWords, isWished } = wishable({ ...release, artist });
  expect(isWished({ query })).toBe(true);
  expect(isWished({ query: `${query} nothing` })).toBe(false);
  // A word of the wish that occurs in the release is its key word.
  if (!query.includes(' ') && query !== 'カタ') expect(keyWords).toContain(keyWord({ query }));
});
