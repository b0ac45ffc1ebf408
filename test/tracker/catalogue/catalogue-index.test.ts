/** What the SQLite catalogue stores besides its rows (index, vocabulary, files), and how it is removed. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Viewer } from '../../../tracker/access.ts';
import { migrations, reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import type { WantedAccess } from '../../../tracker/catalogue/contract.ts';
import { countWords } from '../../../tracker/catalogue/words/word-counts-migration.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import { type Album, publication, releaseIdOf } from './catalogue-album.ts';

const viewer: Viewer = { accountId: 1, role: 'member', groupIds: [] };

let folder: string;
let path: string;
let db: DatabaseSync;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-index-'));
  path = join(folder, 'cicada.db');
  db = openConnection(path, 'writer');
  // Faster: each statement is its own transaction, and no test needs durability.
  db.exec('PRAGMA synchronous = OFF');
  migrate(db, new Map([['catalogue', migrations]]));
});
afterEach(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

const torrentFileNames = () =>
  existsSync(`${path}-torrents`)
    ? readdirSync(`${path}-torrents`, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.torrent'),
      )
    : [];
const numberOf = (sql: string) => Number(Object.values(db.prepare(sql).get()!)[0]);

const title = fc.constantFrom(
  'Love',
  'Love Me Do',
  'Amor',
  '愛の歌',
  'Ночь',
  'Hoppípolla',
  '!!!',
  'U2',
  'love LOVE',
);
const album = fc.record({
  album: title,
  artist: title,
  genre: fc.constantFrom('Rock', 'Jazz'),
  licence: fc.constantFrom('CC BY 4.0', 'CC0', 'mine'),
  year: fc.integer({ min: 1960, max: 2020 }),
  tracks: fc.array(title, { minLength: 1, maxLength: 4 }),
});

describe('the search index', () => {
  it('the search index keeps nothing of changed or withdrawn releases, in any order of changes', () => {
    const { publish, addVersion, changeAccess, withdraw } = writes(db);
    let run = 0;
    fc.assert(
      fc.property(fc.array(album, { minLength: 1, maxLength: 3 }), album, (albums, next) => {
        run++;
        const ids = albums.map((_, index) => releaseIdOf(`${run} ${index}`));
        const own = (one: Album, index: number): Album => ({
          ...one,
          private: true,
          album: `${one.album} ${run} ${index}`,
        });
        for (const [index, one] of albums.entries())
          publish(publication(ids[index]!, viewer, own(one, index)));
        addVersion({ ...publication(ids[0]!, viewer, own(next, albums.length)), version: 2 });
        const access = { visibility: 'people', peopleIds: [5] } as const;
        changeAccess({ viewer, releaseId: ids.at(-1)!, access, nowMs: 1 });
        for (const releaseId of ids) withdraw({ viewer, releaseId });
        for (const table of [
          'track_words',
          'release_words',
          'tracks',
          'release_people',
          'versions',
          'releases',
        ]) {
          expect(numberOf(`SELECT count(*) FROM ${table}`), table).toBe(0);
        }
        expect(numberOf('SELECT count(*) FROM word_counts WHERE releases <> 0')).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it('the word counts are the same after migrating from a database that counted all words together', () => {
    const { publish, addVersion, withdraw } = writes(db);
    const accesses: WantedAccess[] = [
      { visibility: 'everyone' },
      { visibility: 'members' },
      { visibility: 'group', groupId: 7 },
      { visibility: 'people', peopleIds: [5, 3] },
      { visibility: 'nobody' },
    ];
    for (const [n, access] of accesses.entries()) {
      const album = { ...{ album: `Album ${n}`, artist: 'Sigur Rós', genre: 'Rock', private: true }, access };
      publish(publication(releaseIdOf(`${n}`), viewer, { ...album, tracks: [`Hoppípolla ${n}`, '愛の歌'] }));
    }
    const newer = publication(releaseIdOf('0'), viewer, { album: 'Newer', tracks: ['Svefn'], private: true });
    addVersion({ ...newer, version: 2 });
    withdraw({ viewer, releaseId: releaseIdOf('1') });
    const counted = () =>
      db
        .prepare(
          `SELECT word, text, releases FROM word_counts c JOIN vocabulary v ON v.id = c.word_id
             JOIN audiences a ON a.id = c.audience_id WHERE releases > 0 ORDER BY word, text`,
        )
        .all();
    const before = counted();
    const step = migrations.indexOf(countWords);
    expect(before.length).toBeGreaterThan(10);
    db.exec(`
      DROP TABLE word_counts; DROP TABLE audiences; DROP TABLE vocabulary;
      CREATE TABLE vocabulary (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE, releases INTEGER NOT NULL) STRICT;
      INSERT INTO vocabulary VALUES (1, 'forgotten', 0);
      UPDATE room_versions SET version = ${step} WHERE room = 'catalogue'`);
    migrate(db, new Map([['catalogue', migrations.slice(0, step + 1)]]));
    expect(counted()).toEqual(before);
    expect(numberOf("SELECT count(*) FROM vocabulary WHERE word = 'forgotten'")).toBe(0);
  });

  it('the words of a withdrawn release are removed from the vocabulary at the next start', () => {
    const { publish, withdraw } = writes(db);
    for (const name of ['kept', 'gone'])
      publish(publication(releaseIdOf(name), viewer, { album: name, tracks: ['Shared words'] }));
    withdraw({ viewer, releaseId: releaseIdOf('gone') });
    writes(db);
    const words = db.prepare('SELECT word FROM vocabulary ORDER BY word').all();
    expect(words.map(({ word }) => word)).toEqual(['kept', 'shared', 'words']);
    expect(numberOf('SELECT count(*) FROM word_counts WHERE releases = 0')).toBe(0);
  });

  it('a search finds every hit once, even if there are more than are ranked together', () => {
    const tracks = Array.from({ length: 2_500 }, (_, n) => `Interlude ${n}`);
    const { publish, indexMore } = writes(db);
    for (const name of ['one', 'two'])
      publish(publication(releaseIdOf(name), viewer, { album: name, tracks }));
    while (indexMore());
    const { searchTracks } = reads(db);
    const seen = new Set<string>();
    let rows = 0;
    let after: string | undefined;
    do {
      const page = searchTracks({ viewer, text: 'interlude', after });
      rows += page.rows.length;
      for (const { releaseId, fileIndex } of page.rows) seen.add(`${releaseId} ${fileIndex}`);
      after = page.next;
    } while (after !== undefined);
    expect([rows, seen.size]).toEqual([5_000, 5_000]);
  });
});

describe('a search', () => {
  it('a search with any text and any filters is answered or refused', () => {
    const { publish } = writes(db);
    publish(publication(releaseIdOf('one'), viewer, { album: 'Love', tracks: ['Love Me Do', '愛の歌'] }));
    const { searchTracks, searchReleases } = reads(db);
    const signs = fc.string({
      unit: fc.constantFrom('love', ' ', '"', '*', '(', ')', 'AND', '{', '}', ':', '^', '愛', '-', '+', ','),
    });
    const number = fc.option(fc.oneof(fc.nat(3_000), fc.double()), { nil: undefined });
    const filters = fc.record({
      ...{
        bitRateMin: number,
        yearFrom: number,
        yearTo: number,
        durationMinMs: number,
        durationMaxMs: number,
      },
      ...{ publisherId: number, limit: number, hasSeeds: fc.option(fc.boolean(), { nil: undefined }) },
      format: fc.option(fc.string(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.oneof(signs, fc.string({ unit: 'binary' })), filters, (text, more) => {
        for (const search of [searchTracks, searchReleases]) {
          try {
            const { rows } = search({ viewer, text, ...more });
            expect(rows.length).toBeLessThanOrEqual(2);
          } catch (error) {
            expect(error).toMatchObject({ code: 'query-invalid' });
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('the files of torrents', () => {
  it('the file of a withdrawn torrent is deleted at the next start, because a crash may undo the withdrawal', () => {
    const { publish, withdraw } = writes(db);
    publish(publication(releaseIdOf('kept'), viewer, { album: 'Kept', tracks: ['a'] }));
    publish(publication(releaseIdOf('gone'), viewer, { album: 'Gone', tracks: ['a'] }));
    withdraw({ viewer, releaseId: releaseIdOf('gone') });
    expect(torrentFileNames().length).toBe(2);
    const { torrent } = reads(db);
    writes(db);
    expect(torrentFileNames().length).toBe(1);
    expect(torrent({ viewer, releaseId: releaseIdOf('kept') })).toBeDefined();
  });

  it('torrent files are kept for the last hundred versions', () => {
    const releaseId = releaseIdOf('daily');
    const { publish, addVersion } = writes(db);
    publish(publication(releaseId, viewer, { album: 'Daily', tracks: ['day 1'] }));
    for (let version = 2; version <= 102; version++) {
      addVersion({
        ...publication(releaseId, viewer, { album: 'Daily', tracks: [`day ${version}`] }),
        version,
      });
    }
    const { versions, torrent } = reads(db);
    const numbers = versions({ viewer, releaseId }).map(({ version }) => version);
    expect([numbers[0], numbers.at(-1), numbers.length]).toEqual([102, 3, 100]);
    expect(torrent({ viewer, releaseId, version: 2 })).toBeUndefined();
    writes(db);
    expect(torrentFileNames().length).toBe(100);
  });
});

describe("the name of a release's torrent", () => {
  const of = (albumName: string) => ({ viewer, releaseId: releaseIdOf(albumName) });

  it('the name of a torrent is read from its file for releases that the previous version stored', () => {
    const store = writes(db);
    for (const name of ['One', 'Two']) {
      store.publish(publication(releaseIdOf(name), viewer, { album: name, tracks: ['Song'] }));
    }
    // The tables before they had this column.
    db.exec('ALTER TABLE versions DROP COLUMN torrent_name');
    const step = migrations.findIndex((sql) => String(sql).includes('torrent_name'));
    db.prepare('UPDATE room_versions SET version = ?').run(step);
    // Later migrations have been applied and are not undone.
    migrate(db, new Map([['catalogue', migrations.slice(0, step + 1)]]));
    const before = reads(db);
    expect(before.release(of('One'))).toMatchObject({ torrentName: 'One' });
    expect(before.searchReleases({ viewer, text: 'two' }).rows[0]).toMatchObject({ torrentName: 'Two' });
  });

  it('the name of a torrent is left out if its file is lost, and the release is still read', async () => {
    writes(db).publish(publication(releaseIdOf('One'), viewer, { album: 'One', tracks: ['Song'] }));
    db.exec('UPDATE versions SET torrent_name = NULL');
    await rm(`${path}-torrents`, { recursive: true });
    expect(reads(db).release(of('One'))).toMatchObject({ album: 'One', torrentName: undefined });
  });
});
