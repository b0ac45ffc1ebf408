/** The migration to a new search index: all releases wait, and are indexed again while the tracker runs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Viewer } from '../../../tracker/access.ts';
import { migrations, reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import { rebuildIndex } from '../../../tracker/catalogue/search/index-rebuild-migration.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import { publication, releaseIdOf } from './catalogue-album.ts';

const viewer: Viewer = { accountId: 1, role: 'member', groupIds: [] };

let folder: string;
let db: DatabaseSync;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-rebuild-'));
  db = openConnection(join(folder, 'cicada.db'), 'writer');
  db.exec('PRAGMA synchronous = OFF');
  migrate(db, new Map([['catalogue', migrations]]));
});
afterEach(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

const names = ['one', 'two', 'three', 'four'];
const tracks = (name: string) => [`Love ${name}`, `Hoppípolla ${name}`, '愛の歌'];
/** The database of an earlier version, before this migration. */
function upgrade(): void {
  const step = migrations.indexOf(rebuildIndex);
  const setVersion = db.prepare("UPDATE room_versions SET version = ? WHERE room = 'catalogue'");
  setVersion.run(step);
  migrate(db, new Map([['catalogue', migrations.slice(0, step + 1)]]));
  // Later migrations had been applied.
  setVersion.run(migrations.length);
}
const titles = (text: string) =>
  reads(db)
    .searchTracks({ viewer, text })
    .rows.map(({ title, album }) => `${album}: ${title}`);
const vocabulary = () =>
  db
    .prepare(
      `SELECT word, text, releases FROM word_counts c JOIN vocabulary v ON v.id = c.word_id
       JOIN audiences a ON a.id = c.audience_id WHERE releases > 0 ORDER BY word, text`,
    )
    .all();
const rowsOf = (table: string) => db.prepare(`SELECT rowid FROM ${table} ORDER BY rowid`).all();

describe('a database of an earlier version', () => {
  beforeEach(() => {
    const { publish } = writes(db);
    for (const name of names)
      publish(publication(releaseIdOf(name), viewer, { album: name, tracks: tracks(name) }));
  });

  it('after the migration, a rebuilt index has the same hits and words as before', () => {
    const before = [titles('love'), titles('hopipola'), titles('爱'), vocabulary(), rowsOf('release_words')];
    upgrade();
    expect(titles('love')).toEqual([]);
    expect(reads(db).release({ viewer, releaseId: releaseIdOf('one') })?.tracks).toHaveLength(3);
    while (writes(db).indexMore());
    expect([titles('love'), titles('hopipola'), titles('爱'), vocabulary(), rowsOf('release_words')]).toEqual(
      before,
    );
  });

  it('a release withdrawn or changed while it waits leaves nothing in the rebuilt index', () => {
    upgrade();
    const { withdraw, addVersion, changeAccess, indexMore } = writes(db);
    withdraw({ viewer, releaseId: releaseIdOf('one') });
    addVersion({
      ...publication(releaseIdOf('two'), viewer, { album: 'Newer', tracks: ['Svefn'], private: true }),
      version: 2,
    });
    changeAccess({ viewer, releaseId: releaseIdOf('two'), access: { visibility: 'nobody' }, nowMs: 1 });
    while (indexMore());
    expect(titles('love one').filter((title) => title.startsWith('one'))).toEqual([]);
    expect(titles('svefn')).toEqual(['Newer: Svefn']);
    for (const name of names.slice(1)) withdraw({ viewer, releaseId: releaseIdOf(name) });
    expect([rowsOf('track_words'), rowsOf('release_words'), vocabulary()]).toEqual([[], [], []]);
  });

  it('a release published while others wait is found at once', () => {
    upgrade();
    writes(db).publish(publication(releaseIdOf('new'), viewer, { album: 'New', tracks: ['Love new'] }));
    expect(titles('love')).toEqual(['New: Love new']);
  });
});
