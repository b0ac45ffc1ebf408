/** What a search in a Catalogue finds, and in which order, as tests for each implementation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalogue, SearchInput } from '../../tracker/catalogue/contract.ts';
import { type Album, publication, releaseIdOf } from '../tracker/catalogue/catalogue-album.ts';
import { anonymous, type CatalogueBench, member, publisher } from './catalogue.contract.ts';

const shelf: readonly Album[] = [
  {
    album: 'Help!',
    artist: 'The Beatles',
    year: 1965,
    genre: 'Rock',
    tracks: ['Help!', 'Yesterday', 'Act Naturally'],
  },
  {
    album: 'Yesterday and Today',
    artist: 'The Beatles',
    year: 1966,
    tracks: ['Drive My Car', 'Yesterday Once More'],
  },
  {
    album: 'Vespertine',
    artist: 'Björk',
    year: 2001,
    genre: 'Electronic',
    licence: 'CC BY-SA 4.0',
    tracks: ['Hidden Place', 'Cocoon'],
  },
  {
    album: 'Takk...',
    artist: 'Sigur Rós',
    year: 2005,
    tracks: ['Sæglópur', 'Hoppípolla', { title: 'Glósóli', codec: 'mp3', bitRate: 320_000 }],
  },
  {
    album: 'Yellow Submarine',
    licence: 'All rights reserved by the band',
    artist: 'The Beatles',
    year: 1969,
    tracks: [{ title: 'Pepperland', durationMs: 140_000 }],
  },
  {
    album: '椎名林檎作品集',
    artist: '椎名林檎',
    year: 1999,
    tracks: ['丸の内サディスティック', '歌舞伎町の女王'],
  },
  { album: '范特西', artist: '周杰倫', year: 2001, tracks: ['愛在西元前', '雙截棍'] },
  { album: '봄여름가을겨울', artist: '아이유', year: 2015, tracks: ['봄 사랑 벚꽃 말고', '좋은 날'] },
  { album: 'Группа крови', artist: 'Кино', year: 1988, tracks: ['Группа крови', 'Звезда по имени Солнце'] },
  {
    album: '!!!',
    artist: '!!!',
    year: 2000,
    tracks: ["Don't Stop", 'U2 Tribute', '(What) "AND" OR NOT NEAR*'],
  },
  { album: 'Concert', artist: 'Σπύρος', tracks: ['Ταξίδι'] },
];

export function catalogueSearchContract(name: string, open: () => Promise<CatalogueBench>): void {
  describe(`${name} as a catalogue that is searched`, () => {
    let bench: CatalogueBench;
    let catalogue: Catalogue;
    beforeAll(async () => {
      bench = await open();
      catalogue = bench.catalogue;
      for (const [index, album] of shelf.entries()) {
        const viewer = index < 5 ? publisher : member;
        await catalogue.publish(publication(releaseIdOf(album.album), viewer, album));
      }
    });
    afterAll(() => bench.stop());

    const ask = (text: string, more: Partial<SearchInput> = {}): SearchInput => ({
      viewer: anonymous,
      text,
      ...more,
    });
    const tracks = async (text: string, more: Partial<SearchInput> = {}) =>
      (await catalogue.searchTracks(ask(text, more))).rows.map(({ title }) => title);
    const albums = async (text: string, more: Partial<SearchInput> = {}) =>
      (await catalogue.searchReleases(ask(text, more))).rows.map(({ album }) => album);

    it.each([
      ['words of the title', 'drive car', ['Drive My Car']],
      ['of artist and title together', 'beatles naturally', ['Act Naturally']],
      ['of the genre', 'electronic cocoon', ['Cocoon']],
      ['words typed without their accents', 'bjork cocoon', ['Cocoon']],
      ['words typed with wrong accents', 'bëatles dríve', ['Drive My Car']],
      ['words typed with two letters for one', 'saeglopur', ['Sæglópur']],
      ['words typed in wide capitals', 'ＰＥＰＰＥＲＬＡＮＤ', ['Pepperland']],
      ['the beginning of the last word', 'pepperl', ['Pepperland']],
      ['words typed without their apostrophe', 'dont stop', ["Don't Stop"]],
      ['words of two letters', 'u2', ['U2 Tribute']],
      ['Cyrillic', 'звезда солнце', ['Звезда по имени Солнце']],
      ['Greek, without its accent', 'ταξιδι', ['Ταξίδι']],
      ['Japanese, a part of a title', 'サディスティック', ['丸の内サディスティック']],
      ['Japanese, one character', '女', ['歌舞伎町の女王']],
      ['Chinese, two characters', '西元', ['愛在西元前']],
      ['Korean, a part of a word', '벚꽃', ['봄 사랑 벚꽃 말고']],
    ])('a search finds %s', async (_, text, titles) => {
      expect(await tracks(text)).toEqual(titles);
    });

    it.each([
      ['a letter missing', 'peperland', 'Pepperland'],
      ['two letters swapped', 'peppelrand', 'Pepperland'],
      ['a wrong letter in each word', 'hodden plece', 'Hidden Place'],
      ['an extra letter, in Cyrillic', 'звеззда', 'Звезда по имени Солнце'],
      ['a part of a word', 'pperla', 'Pepperland'],
      ['a typo in an unfinished word', 'hoppipalo', 'Hoppípolla'],
    ])('a search with a typo finds the intended title as approximate: %s', async (_, text, title) => {
      const { rows } = await catalogue.searchTracks(ask(text));
      expect(rows[0]).toMatchObject({ title, approximate: true });
    });

    it('a search lists exact titles first, then titles with the words, then other matches', async () => {
      expect(await tracks('yesterday')).toEqual(['Yesterday', 'Yesterday Once More', 'Drive My Car']);
    });

    it('a search finds names without letters', async () => {
      expect(await albums('!!!')).toEqual(['!!!']);
    });

    it.each([
      '"',
      '*',
      'NOT',
      'a AND b',
      'NEAR(',
      'title:yesterday',
      '{title} : x',
      '^',
      "'; DROP TABLE tracks; --",
      '\u0000',
      '\ud800',
      '%',
      '-'.repeat(300),
    ])('a search takes %j as text and not as syntax', async (text) => {
      const { rows } = await catalogue.searchTracks(ask(text));
      expect(rows.length).toBeLessThan(20);
      expect(await tracks('"and" or not near*')).toEqual(['(What) "AND" OR NOT NEAR*']);
    });

    it('a search with a text, filter or cursor that no client sends is refused', async () => {
      await expect(catalogue.searchTracks(ask('x'.repeat(301)))).rejects.toMatchObject({
        code: 'query-invalid',
      });
      await expect(catalogue.searchTracks(ask('x', { licence: 'cc" OR' }))).rejects.toMatchObject({
        code: 'query-invalid',
      });
      await expect(catalogue.searchTracks(ask('x', { format: 'f*" OR' }))).rejects.toMatchObject({
        code: 'query-invalid',
      });
      for (const after of [
        '',
        'x',
        'MSwyLDM',
        Buffer.from('1,2,3,4,-5').toString('base64url'),
        'x'.repeat(1000),
      ]) {
        await expect(catalogue.searchTracks(ask('x', { after }))).rejects.toMatchObject({
          code: 'cursor-invalid',
        });
      }
    });

    it('a search finds releases by their name, their artist and their songs', async () => {
      expect(await albums('vespertine')).toEqual(['Vespertine']);
      expect(await albums('椎名')).toEqual(['椎名林檎作品集']);
      expect(await albums('beatles')).toEqual(['Yellow Submarine', 'Yesterday and Today', 'Help!']);
      expect(await albums('yesterday')).toEqual(['Yesterday and Today', 'Help!']);
    });

    it.each([
      ['format', { format: 'mp3' }, ['Glósóli']],
      ['lossless', { lossless: false }, ['Glósóli']],
      ['bit rate', { bitRateMin: 500_000, publisherId: 1, yearFrom: 2005 }, ['Sæglópur', 'Hoppípolla']],
      ['a year', { yearFrom: 1988, yearTo: 1988 }, ['Группа крови', 'Звезда по имени Солнце']],
      ['a long span of years', { yearFrom: 1900, yearTo: 1965 }, ['Help!', 'Yesterday', 'Act Naturally']],
      ['licence', { licence: 'CC-BY-SA' }, ['Hidden Place', 'Cocoon']],
      ['a family of licences', { licence: 'cc' }, ['Hidden Place', 'Cocoon']],
      ['another licence', { licence: 'other' }, ['Pepperland']],
      ['duration', { durationMaxMs: 150_000 }, ['Pepperland']],
      ['an exact duration', { durationMinMs: 140_000, durationMaxMs: 140_000 }, ['Pepperland']],
    ])('a search is filtered by %s, with words and without', async (_, filters, titles) => {
      expect(await tracks('', filters)).toEqual(titles);
      expect(await tracks(titles[0]!, filters)).toContain(titles[0]);
      expect(await tracks('act naturally yesterday', { ...filters, yearFrom: 2100 })).toEqual([]);
    });

    it('a search can be filtered by publisher', async () => {
      expect(await albums('', { publisherId: 2 })).toEqual(
        shelf
          .slice(5)
          .map(({ album }) => album)
          .reverse(),
      );
      expect(await tracks('yesterday', { publisherId: 2 })).toEqual([]);
    });

    it('a search knows which releases have seeds, and lists them first among equals', async () => {
      const releaseId = releaseIdOf('Help!');
      expect(await albums('beatles', { hasSeeds: true })).toEqual([]);
      await catalogue.setSwarms([
        { releaseId, seeds: 3, leechers: 1 },
        { releaseId: releaseIdOf('none'), seeds: 1, leechers: 0 },
      ]);
      expect(await albums('beatles')).toEqual(['Help!', 'Yellow Submarine', 'Yesterday and Today']);
      expect(await albums('beatles', { hasSeeds: true })).toEqual(['Help!']);
      expect(await catalogue.release({ viewer: anonymous, releaseId })).toMatchObject({
        seeds: 3,
        leechers: 1,
      });
      // Matching words count more than seeds.
      expect(await albums('yesterday')).toEqual(['Yesterday and Today', 'Help!']);
      await catalogue.setSwarms([{ releaseId, seeds: 0, leechers: 0 }]);
    });

    it('a typo is corrected to words published a moment ago, even after swarm counts were set', async () => {
      const album: Album = { album: 'Wild Is the Wind', artist: 'Nina Simone', tracks: ['Four Women'] };
      await catalogue.publish(publication(releaseIdOf(album.album), publisher, album));
      await catalogue.setSwarms([{ releaseId: releaseIdOf(album.album), seeds: 1, leechers: 0 }]);
      expect(await tracks('four wimen')).toEqual(['Four Women']);
      expect(await tracks('fuor women')).toEqual(['Four Women']);
      await catalogue.withdraw({ viewer: publisher, releaseId: releaseIdOf(album.album) });
    });

    it('the pages of a search contain every hit once', async () => {
      for (const text of ['', 'yesterday', 'beatles', 'the', 'o']) {
        const whole = await tracks(text);
        const paged: string[] = [];
        let after: string | undefined;
        do {
          const page = await catalogue.searchTracks(ask(text, { limit: 2, after }));
          paged.push(...page.rows.map(({ title }) => title));
          after = page.next;
        } while (after !== undefined);
        expect(paged).toEqual(whole);
      }
    });

    it('a search returns at most fifty rows for any limit', async () => {
      const album: Album = { album: 'Long', tracks: Array.from({ length: 120 }, (_, n) => `Interlude ${n}`) };
      const releaseId = releaseIdOf('Long');
      await catalogue.publish(publication(releaseId, member, album));
      for (const limit of [1_000_000, Number.POSITIVE_INFINITY, undefined]) {
        expect((await catalogue.searchTracks(ask('interlude', { limit }))).rows.length).toBe(50);
      }
      for (const limit of [0, -1])
        expect((await catalogue.searchTracks(ask('interlude', { limit }))).rows.length).toBe(1);
      await catalogue.withdraw({ viewer: member, releaseId });
    });
  });
}
