/** Searches as users type them, in many scripts. search-relevance.table.ts is the specification. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Viewer } from '../../../tracker/access.ts';
import { migrations, reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import { publication, releaseIdOf } from './catalogue-album.ts';
import { questions, shelf } from './search-relevance.table.ts';

const viewer: Viewer = { accountId: 1, role: 'member', groupIds: [] };

let folder: string;
let db: DatabaseSync;
let store: ReturnType<typeof reads>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-relevance-'));
  db = openConnection(join(folder, 'cicada.db'), 'writer');
  db.exec('PRAGMA synchronous = OFF');
  migrate(db, new Map([['catalogue', migrations]]));
  const { publish } = writes(db);
  for (const album of shelf) publish(publication(releaseIdOf(album.album), viewer, album));
  store = reads(db);
});
afterAll(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

const titles = (text: string) => store.searchTracks({ viewer, text }).rows.map(({ title }) => title);

describe.each([...Map.groupBy(questions, ({ what }) => what)])('%s', (_, asked) => {
  it.each(asked.map((one) => [one.typed, one] as const))('%s', (_, { typed, first, count }) => {
    const found = titles(typed);
    expect(found.slice(0, first.length)).toEqual(first);
    if (count !== undefined) expect(found).toHaveLength(count);
  });
});

it.each([
  ['few', 30],
  ['more than are listed individually', 130],
])('a search finds all words that contain a part: %s', (_, count) => {
  const name = `Inside ${count}`;
  // Words before the part, after it, and on both sides.
  const tracks = Array.from({ length: count }, (_, n) => {
    const letters = [n % 10, Math.floor(n / 10)].map((digit) => 'bcdfghjklm'.charAt(digit)).join('');
    return (
      [`${letters}quirzel${letters}`, `${letters}${n % 2 ? 'x' : ''}quirzel`][n % 3] ??
      `x${letters}quirzel${letters}`
    );
  });
  const { publish, withdraw, indexMore } = writes(db);
  publish(publication(releaseIdOf(name), viewer, { album: name, tracks }));
  while (indexMore());
  const fresh = reads(db);
  const found = new Set<string>();
  let after: string | undefined;
  do {
    const page = fresh.searchTracks({ viewer, text: 'quirzel', after });
    for (const { title } of page.rows) {
      expect(found.has(title)).toBe(false);
      found.add(title);
    }
    after = page.next;
  } while (after !== undefined);
  expect([...found].sort()).toEqual([...tracks].sort());
  withdraw({ viewer, releaseId: releaseIdOf(name) });
});
