import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ReleaseFields, releaseFields } from '../../../torrents/tags/release-fields.ts';
import { readFileName, readFolderName } from '../../../torrents/tags/texts/name-fields.ts';
import { tagText, textCharsMax } from '../../../torrents/tags/texts/tag-text.ts';
import { trackTags } from '../../../torrents/tags/track-tags.ts';

describe('the name of a folder', () => {
  it.each([
    ['Artist - Album (1999)', 'Artist', 'Album', 1999],
    ['Artist - Album', 'Artist', 'Album', undefined],
    ['Artist - 1999 - Album', 'Artist', 'Album', 1999],
    ['1999 - Album', undefined, 'Album', 1999],
    ['(1999) Album', undefined, 'Album', 1999],
    ['[1999] Artist - Album', 'Artist', 'Album', 1999],
    ['Artist - Album (1999) [FLAC]', 'Artist', 'Album', 1999],
    ['Artist - Album [2011, FLAC 24-96]', 'Artist', 'Album', 2011],
    ['Artist – Album (1999) (Web, 320kbps)', 'Artist', 'Album', 1999],
    ['Artist - Album (Live) (1999)', 'Artist', 'Album (Live)', 1999],
    ['Artist - Album (Deluxe Edition)', 'Artist', 'Album (Deluxe Edition)', undefined],
    ['The_Artist_-_The_Album_(1999)', 'The Artist', 'The Album', 1999],
    ['Jay-Z - The Black Album', 'Jay-Z', 'The Black Album', undefined],
    ['Album', undefined, 'Album', undefined],
    ['1999', undefined, '1999', undefined],
    ['(1999)', undefined, '(1999)', undefined],
    ['1984 Suite', undefined, '1984 Suite', undefined],
    ['坂本龍一 - 千のナイフ (1978)', '坂本龍一', '千のナイフ', 1978],
    ['Artist - Part One - Part Two', 'Artist', 'Part One - Part Two', undefined],
    ['Artist - Album (CD1)', 'Artist', 'Album', undefined],
    ['Album - Disc 1', undefined, 'Album', undefined],
    ['Artist - Album (1999) [Disc Two] [FLAC]', 'Artist', 'Album', 1999],
    ['Artist - Album - CD 2 (1999)', 'Artist', 'Album', 1999],
    ['FKA twigs - LP1', 'FKA twigs', 'LP1', undefined],
    ['Artist - Tape 2', 'Artist', 'Tape 2', undefined],
  ])('the folder name %s is parsed', (name, artist, album, year) => {
    expect(readFolderName(name)).toMatchObject({ artist, album, year });
  });
});

describe('the name of a file', () => {
  it.each([
    ['01 - Title.flac', undefined, 1, ['Title']],
    ['01. Title.mp3', undefined, 1, ['Title']],
    ['01 Title.mp3', undefined, 1, ['Title']],
    ['1 - Title.mp3', undefined, 1, ['Title']],
    ['[07] Title.mp3', undefined, 7, ['Title']],
    ['1-01 Title.m4a', 1, 1, ['Title']],
    ['2-11 - Title.m4a', 2, 11, ['Title']],
    ['01_Title_of_it.ogg', undefined, 1, ['Title of it']],
    ['03 - Artist - Title.mp3', undefined, 3, ['Artist', 'Title']],
    ['A1. Title.flac', undefined, undefined, ['Title']],
    ['Title.flac', undefined, undefined, ['Title']],
    ['01.flac', undefined, 1, ['01']],
    ['4′33″.flac', undefined, undefined, ['4′33″']],
    ['12. Étude Op. 10.flac', undefined, 12, ['Étude Op. 10']],
    ['(CD1) 03 - Title.mp3', 1, 3, ['Title']],
    ['Disc Two - 11. Title.mp3', 2, 11, ['Title']],
    ['d2t07 Title.mp3', 2, 7, ['Title']],
    ['Disc 1 Rider.mp3', undefined, undefined, ['Disc 1 Rider']],
    ['1-800-273-8255.mp3', undefined, undefined, ['1-800-273-8255']],
    ['10-4.mp3', undefined, undefined, ['10-4']],
    ['9-5 Jobs.mp3', undefined, undefined, ['9-5 Jobs']],
    ['04 - 1-800-273-8255.mp3', undefined, 4, ['1-800-273-8255']],
    ['Track 07.mp3', undefined, 7, ['Track 07']],
  ])('the file name %s is parsed', (name, disc, track, parts) => {
    expect(readFileName(name)).toMatchObject({ disc, track, parts, isCertain: true });
  });

  it('a number before a title without a separator is uncertain', () => {
    expect(readFileName('99 Problems.mp3')).toMatchObject({ track: 99, isCertain: false });
  });

  it('any file name gives a title, in limited time', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.stringMatching(/^[0-9 ._[\]()A-H-]{1,40}$/),
    );
    fc.assert(
      fc.property(name, (text) => {
        expect(readFileName(text).parts.join('')).not.toBe('');
        expect(readFolderName(text).album).not.toBe('');
      }),
    );
    const long = '('.repeat(50_000) + ' - '.repeat(50_000);
    expect(readFolderName(long).album.length).toBeLessThanOrEqual(textCharsMax);
  });
});

describe('text of a tag', () => {
  it("a tag's text loses control and direction-override characters, and keeps all others", () => {
    expect(tagText('a\u0000b\u001b[31m\u202Ec\r\nd')).toBe('a b [31m c d');
    expect(tagText('  Beyonce\u0301  ')).toBe('Beyoncé');
    expect(tagText('نور \u200Fعلى')).toBe('نور \u200Fعلى');
    expect(tagText('👩‍👩‍👧')).toBe('👩‍👩‍👧');
  });

  it("a tag's text is cut between characters", () => {
    expect([...tagText('🎵'.repeat(10_000))!].length).toBe(textCharsMax);
    expect(tagText('x\ud800'.repeat(5))!.isWellFormed()).toBe(true);
  });

  it('an empty text or a value of another type gives no text', () => {
    for (const nothing of ['', ' \t\u200b', undefined, 7, {}, ['x']])
      expect(tagText(nothing)).toBeUndefined();
  });
});

it('impossible numbers in tags are ignored', () => {
  const bad = {
    year: 0,
    disc: -1,
    track: 1e9,
    durationMs: Number.NaN,
    bitRate: Number.POSITIVE_INFINITY,
    sampleRate: '44100',
  };
  const tags = trackTags({ ...bad, lossless: 'yes', covers: 'none', title: { toString: () => 'x' } });
  const said = Object.entries(tags).filter(([, value]) => value !== undefined);
  expect(said).toEqual([
    ['doubtful', {}],
    ['cues', []],
    ['hasLargeCover', false],
    ['covers', []],
  ]);
  expect(trackTags({ year: 1999, track: 3, durationMs: 1234.4 })).toMatchObject({
    year: 1999,
    track: 3,
    durationMs: 1234,
  });
});

describe('tags and names together', () => {
  const release = (
    name: string,
    files: Record<string, Record<string, unknown> | undefined>,
    isSingleFile = false,
  ): ReleaseFields => {
    const tagged = Object.entries(files).map(([path, tags], fileIndex) => {
      const components = path.split('/');
      return { fileIndex, components, bytes: 1, piecesRoot: undefined, tags: tags && trackTags(tags) };
    });
    return releaseFields(name, isSingleFile, tagged);
  };

  it('tags come before names', () => {
    const tags = {
      artist: 'Björk',
      album: 'Post',
      title: 'Hyperballad',
      track: 2,
      disc: 1,
      year: 1995,
      genre: 'Pop',
      codec: 'FLAC',
    };
    const { tracks, ...album } = release('X - Y (2001)', { '07 - Z.flac': tags });
    expect(album).toMatchObject({ artist: 'Björk', album: 'Post', year: 1995, genre: 'Pop' });
    expect(tracks[0]).toMatchObject({
      title: 'Hyperballad',
      track: 2,
      disc: 1,
      artist: 'Björk',
      codec: 'flac',
    });
  });

  it('names are used if tags are missing', () => {
    const { tracks, ...album } = release('Björk - Post (1995) [FLAC]', {
      'CD1/01 - Army of Me.flac': undefined,
      'CD2/01 - Isobel.flac': {},
    });
    expect(album).toMatchObject({ artist: 'Björk', album: 'Post', year: 1995, genre: undefined });
    expect(tracks).toMatchObject([
      { disc: 1, track: 1, title: 'Army of Me', artist: 'Björk', codec: 'flac', lossless: true },
      { disc: 2, track: 1, title: 'Isobel' },
    ]);
  });

  it('a few odd tags do not rename the album', () => {
    const post = { album: 'Post', artist: 'Björk' };
    expect(release('A - B', { '1.mp3': post, '2.mp3': post, '3.mp3': { album: 'Debut' } }).album).toBe(
      'Post',
    );
    expect(release('A - B', { '1.mp3': post, '2.mp3': {}, '3.mp3': {} }).album).toBe('B');
  });

  it('an album of several artists without an album artist gets the artist Various Artists', () => {
    const { artist, tracks } = release('Hits', {
      '1.mp3': { artist: 'A' },
      '2.mp3': { artist: 'B' },
      '3.mp3': {},
    });
    expect(artist).toBe('Various Artists');
    expect(tracks.map((track) => track.artist)).toEqual(['A', 'B', undefined]);
  });

  it.each([
    ['a guest on one song', ['Ava', 'Ava', 'Ava feat. Ben', 'Ava'], 'Ava'],
    ['a guest on every song', ['Ava (ft. Ben)', 'Ava feat. Cleo', 'Ava Featuring Dora'], 'Ava'],
    ['another spelling', ['Beyoncé', 'BEYONCE', 'Beyoncé'], 'Beyoncé'],
    ['an article', ['The Beatles', 'Beatles, The', 'Beatles', 'The Beatles'], 'The Beatles'],
    ['signs', ['AC/DC', 'ACDC', 'AC-DC', 'AC/DC'], 'AC/DC'],
    ['partners', ['Ava & Ben', 'Ava with Cleo', 'Ava, Dora', 'Ava x Eva'], 'Ava'],
    ['one song by another artist', ['Ava', 'Ava', 'Ben'], 'Ava'],
    [
      'a band with a comma and guests',
      Array.from('abc', (x) => `Earth, Wind & Fire feat. ${x}`),
      'Earth, Wind & Fire',
    ],
    ['nothing but signs', ['!!!', '!!!', '+/-'], '!!!'],
    ['no artist of more than half', ['Ava', 'Ava', 'Ben', 'Cleo'], 'Various Artists'],
    ['guests alone in common', ['Ava feat. Ben', 'Cleo feat. Ben'], 'Various Artists'],
  ])('an album with %s (%s) has the artist %s', (_, artists, expected) => {
    const files = Object.fromEntries(artists.map((artist, index) => [`${index}.mp3`, { artist }]));
    const { artist, tracks } = release('Hits', files);
    expect(artist).toBe(expected);
    expect(tracks.map((track) => track.artist)).toEqual(artists);
  });

  it('file names give artists only if all of them do', () => {
    const all = release('Hits', { '01 - A - X.mp3': undefined, '02 - B - Y.mp3': undefined });
    expect(all.tracks.map(({ artist, title }) => [artist, title])).toEqual([
      ['A', 'X'],
      ['B', 'Y'],
    ]);
    const some = release('Band - Hits', {
      '01 - Song - Live.mp3': undefined,
      '02 - Band - Y.mp3': undefined,
      '03 - Z.mp3': undefined,
    });
    expect(some.tracks.map(({ title }) => title)).toEqual(['Song - Live', 'Y', 'Z']);
    expect(some.tracks.map(({ artist }) => artist)).toEqual(['Band', 'Band', 'Band']);
  });

  it('a number in a file name is a track number only beside other numbers', () => {
    const alone = release('Album', { '99 Problems.mp3': undefined, 'Encore.mp3': undefined });
    expect(alone.tracks[0]).toMatchObject({ title: '99 Problems', track: undefined });
    const listed = release('Album', { '09 One.mp3': undefined, '10 Two.mp3': undefined });
    expect(listed.tracks[1]).toMatchObject({ title: 'Two', track: 10 });
  });

  it('a disc and a track with a dash between them count only if they are consecutive', () => {
    const numbersOf = (...names: string[]) =>
      release('Album', Object.fromEntries(names.map((name) => [`${name}.mp3`, undefined]))).tracks.map(
        ({ disc, track, title }) => [disc, track, title],
      );
    expect(numbersOf('1-11 Red', '1-12 Blue', '2-10 99 Cents')).toEqual([
      [1, 11, 'Red'],
      [1, 12, 'Blue'],
      [undefined, undefined, '2-10 99 Cents'],
    ]);
    expect(numbersOf('20-20 Vision', '1-800-273-8255', '50-50 Chance')).toEqual([
      [undefined, undefined, '20-20 Vision'],
      [undefined, undefined, '1-800-273-8255'],
      [undefined, undefined, '50-50 Chance'],
    ]);
    expect(numbersOf('01-99 Problems', '02-Encore')).toEqual([
      [undefined, 1, '99 Problems'],
      [undefined, 2, 'Encore'],
    ]);
    expect(numbersOf('Ava - Album - 01 - Red', 'Ava - Album - 02 - Blue')).toEqual([
      [undefined, 1, 'Red'],
      [undefined, 2, 'Blue'],
    ]);
  });

  it("the discs of an album get the album's name, even a single disc", () => {
    const set = release('Box', {
      'a/1.mp3': { album: 'Album (Disc 1)', title: 'x' },
      'b/1.mp3': { album: 'Album (Disc 2)', title: 'y' },
      'b/2.mp3': { album: 'Album [CD2]', title: 'z' },
    });
    expect([set.album, ...set.tracks.map(({ disc }) => disc)]).toEqual(['Album', 1, 2, 2]);
    for (const [album, name, disc] of [
      ['Album (Disc 2)', 'Album', 2],
      ['Album - CD 3', 'Album', 3],
      ['Album CD1 of 2', 'Album', 1],
      ['Album, Disc Two', 'Album', 2],
      ['LP1', 'LP1', undefined],
      ['Tape One', 'Tape One', undefined],
      ['Mix Tape 2', 'Mix Tape 2', 2],
      ['Compact Disc', 'Compact Disc', undefined],
      ['Album (2 CD)', 'Album (2 CD)', undefined],
    ] as const) {
      const alone = release('x', { '1.mp3': { album } });
      expect([alone.album, alone.tracks[0]!.disc]).toEqual([name, disc]);
    }
    const byName = release('Ava - Box (1999) (Disc 2) [FLAC]', { '1.mp3': undefined });
    expect(byName).toMatchObject({ artist: 'Ava', album: 'Box', year: 1999, tracks: [{ disc: 2 }] });
    // Tagged as an album of its own, a disc has disc number 1.
    expect(release('x', { '1.mp3': { album: 'Album [CD2]', disc: 1 } }).tracks[0]!.disc).toBe(2);
    expect(release('x', { '1.mp3': { album: 'Album [CD2]', disc: 3 } }).tracks[0]!.disc).toBe(3);
  });

  it('a single file is a release of one song', () => {
    expect(release('Artist - Title.mp3', { 'Artist - Title.mp3': undefined }, true)).toMatchObject({
      artist: 'Artist',
      album: 'Title',
      tracks: [{ artist: 'Artist', title: 'Title' }],
    });
  });

  it('a folder without audio is a release without tracks', () => {
    expect(release('Scans', {})).toMatchObject({ album: 'Scans', tracks: [] });
  });
});
