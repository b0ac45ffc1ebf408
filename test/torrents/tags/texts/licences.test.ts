import { describe, expect, it } from 'vitest';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { readRelease } from '../../../../torrents/release/release.ts';
import { commonLicence, licenceName, licenceWords } from '../../../../torrents/tags/texts/licences.ts';
import { makeFolder } from '../../folder-fixture.ts';
import { opus, riffInfo, wav } from '../audio-fixtures.ts';
import { flac, mp3 } from '../tag-fixtures.ts';

describe('a licence', () => {
  it.each([
    ['http://creativecommons.org/licenses/by/3.0/', undefined, 'CC BY 3.0'],
    ['https://creativecommons.org/licenses/by-nc-sa/4.0/deed.de', undefined, 'CC BY-NC-SA 4.0'],
    [
      undefined,
      '(C) Ava. Licensed under http://creativecommons.org/licenses/by-nd/2.5/ verify at x',
      'CC BY-ND 2.5',
    ],
    ['https://creativecommons.org/publicdomain/zero/1.0/', undefined, 'CC0'],
    ['https://creativecommons.org/publicdomain/mark/1.0/', undefined, 'Public domain'],
    ['cc by-sa 4.0', undefined, 'CC BY-SA 4.0'],
    ['CC-BY', undefined, 'CC BY'],
    ['Creative Commons Attribution-NonCommercial-ShareAlike 3.0 Unported', undefined, 'CC BY-NC-SA 3.0'],
    [undefined, 'This is in the public domain.', 'Public domain'],
    ['Free Art License 1.3', '2011 Ava', 'Free Art License 1.3'],
    [undefined, '2011 Ava, all rights reserved', undefined],
    [undefined, 'CC Records', undefined],
    [undefined, undefined, undefined],
  ])('the licence %s with the copyright %s is called %s', (licence, copyright, name) => {
    expect(licenceName(licence, copyright)).toBe(name);
  });

  it('a licence is found by its own word and by the word of its family', () => {
    expect(licenceWords('CC BY-SA 4.0')).toEqual(['any', 'cc', 'cc-by-sa']);
    expect(licenceWords('CC0')).toEqual(['any', 'cc', 'cc0']);
    expect(licenceWords('Public domain')).toEqual(['any', 'public-domain']);
    expect(licenceWords('all mine')).toEqual(['any', 'other']);
    expect(licenceWords(undefined)).toEqual([]);
  });

  it('the licence of a release applies to every track: several licences give only their common words', () => {
    const several = commonLicence(['CC BY 4.0', 'CC BY-NC 4.0', undefined]);
    expect(several).toBe('CC BY 4.0 / CC BY-NC 4.0');
    expect(licenceWords(several)).toEqual(['any', 'cc']);
    expect(licenceWords(commonLicence(['CC BY 4.0', 'mine']))).toEqual(['any']);
    expect(commonLicence(['CC BY 4.0', undefined, undefined])).toBeUndefined();
  });
});

it('the licence, the copyright and the year of the music are read from every kind of tag', async () => {
  const files = {
    'flac/1.flac': flac({
      LICENSE: 'https://creativecommons.org/licenses/by/4.0/',
      ORIGINALDATE: '1969-09-26',
      DATE: '2009',
    }),
    'ogg/1.opus': opus(
      { COPYRIGHT: '2001 Ava, CC BY-SA 3.0', ORIGINALYEAR: '1999', DATE: '2012-01-01' },
      48_000,
    ),
    'id3/1.mp3': mp3(4, { TCOP: '2001 Ava', TDOR: '1975-05', TDRC: '2015' }),
    'wav/1.wav': wav(1, Buffer.alloc(99), [riffInfo({ ICOP: Buffer.from('public domain') })]),
  };
  const read = await Promise.all(
    Object.entries(files).map(async ([path, bytes]) => {
      const folder = makeFolder('Album', { [path]: bytes });
      const { licence, copyright, year } = await readRelease((await createTorrent(folder)).metainfo, folder);
      return [licence, copyright, year];
    }),
  );
  expect(read).toEqual([
    ['CC BY 4.0', undefined, 1969],
    ['CC BY-SA 3.0', '2001 Ava, CC BY-SA 3.0', 1999],
    [undefined, '2001 Ava', 1975],
    ['Public domain', 'public domain', undefined],
  ]);
});
