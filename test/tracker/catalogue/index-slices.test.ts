/** Releases of many words, which the writer indexes slice by slice. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Viewer } from '../../../tracker/access.ts';
import { migrations, reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import { publication, releaseIdOf } from './catalogue-album.ts';

const viewer: Viewer = { accountId: 1, role: 'member', groupIds: [] };

let folder: string;
let db: DatabaseSync;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-slices-'));
  db = openConnection(join(folder, 'cicada.db'), 'writer');
  db.exec('PRAGMA synchronous = OFF');
  migrate(db, new Map([['catalogue', migrations]]));
});
afterEach(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

/** Unique words: 12 per track. */
const archive = (name: string, count: number) => ({
  album: name,
  private: true,
  tracks: Array.from({ length: count }, (_, n) =>
    Array.from({ length: 12 }, (_, word) => `${name}x${n}y${word}`).join(' '),
  ),
});
const releaseId = releaseIdOf('archive');
/** The tracks that contain the word exactly. */
const hits = (text: string) =>
  reads(db)
    .searchTracks({ viewer, text })
    .rows.filter(({ approximate }) => !approximate).length;
const isLeft = () => db.prepare('SELECT 1 FROM index_progress WHERE is_done = 0').get() !== undefined;
/** All rows of the index and the vocabulary. */
const indexed = () => ({
  tracks: db.prepare('SELECT rowid FROM track_words ORDER BY rowid').all(),
  releases: db.prepare('SELECT rowid FROM release_words ORDER BY rowid').all(),
  words: db
    .prepare(
      `SELECT word, text, releases FROM word_counts c JOIN vocabulary v ON v.id = c.word_id
       JOIN audiences a ON a.id = c.audience_id WHERE releases > 0 ORDER BY word, text`,
    )
    .all(),
});
const nothing = { tracks: [], releases: [], words: [] };

describe('a release of many words', () => {
  it('a release of many words is stored at once, and found by all its words when its slices are indexed', () => {
    const { publish, indexMore } = writes(db);
    publish(publication(releaseId, viewer, archive('many', 300)));
    expect(reads(db).release({ viewer, releaseId })?.tracks).toHaveLength(300);
    expect([hits('manyx0y0'), hits('manyx299y11')]).toEqual([1, 0]);
    let slices = 0;
    while (indexMore()) slices++;
    expect(slices).toBeGreaterThan(1);
    expect([hits('manyx0y0'), hits('manyx299y11'), isLeft()]).toEqual([1, 1, false]);
    expect(indexed().words).toHaveLength(300 * 12 + 1);
  });

  it('a release withdrawn between any two of its slices leaves nothing in the index', () => {
    const { publish, withdraw, indexMore } = writes(db);
    for (let done = 0, isMore = true; isMore; done++) {
      publish(publication(releaseId, viewer, archive('between', 300)));
      for (let slice = 0; slice < done && isMore; slice++) isMore = indexMore();
      withdraw({ viewer, releaseId });
      expect(indexed()).toEqual(nothing);
      expect(isLeft()).toBe(false);
    }
  });

  it('a release that changes between its slices is indexed like one that was published in its final state', () => {
    const { publish, addVersion, changeAccess, withdraw, indexMore } = writes(db);
    const access = { visibility: 'members' } as const;
    const next = { ...publication(releaseId, viewer, archive('next', 250)), access };
    publish({ ...publication(releaseId, viewer, archive('first', 300)), access: { visibility: 'nobody' } });
    indexMore();
    changeAccess({ viewer, releaseId, access, nowMs: 1 });
    indexMore();
    addVersion({ ...next, version: 2 });
    indexMore();
    expect(hits('firstx0y0')).toBe(0);
    while (indexMore());
    const { words } = indexed();
    withdraw({ viewer, releaseId });
    publish(next);
    while (indexMore());
    expect(indexed().words).toEqual(words);
  });

  it('a release that is partly indexed is finished after a restart', () => {
    writes(db).publish(publication(releaseId, viewer, archive('again', 300)));
    const { indexMore } = writes(db);
    while (indexMore());
    expect([hits('againx299y11'), isLeft()]).toEqual([1, false]);
  });

  it('the words of a release for typo correction are limited, and are removed completely', () => {
    const { publish, withdraw, indexMore } = writes(db);
    publish(publication(releaseId, viewer, archive('more', 1_000)));
    while (indexMore());
    expect(indexed().words).toHaveLength(10_000);
    expect([hits('morex999y11'), isLeft()]).toEqual([1, false]);
    withdraw({ viewer, releaseId });
    expect(indexed()).toEqual(nothing);
  });

  it('a long release and a short one are indexed in turns', () => {
    const { publish, indexMore } = writes(db);
    publish(publication(releaseIdOf('long'), viewer, archive('long', 1_000)));
    publish(publication(releaseIdOf('short'), viewer, archive('short', 200)));
    while (hits('shortx199y11') === 0) indexMore();
    expect(hits('longx999y11')).toBe(0);
  });
});
