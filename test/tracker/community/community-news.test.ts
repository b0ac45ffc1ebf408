/** Missed events are counted by what the reader may see, so other users' messages do not matter. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { anonymous } from '../../../tracker/access.ts';
import { migrations, reads } from '../../../tracker/community/stores/community-stores.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';

let folder: string;
let db: DatabaseSync;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cicada-news-'));
  db = openConnection(join(folder, 'tracker.db'), 'writer');
  db.exec('PRAGMA synchronous = OFF');
  migrate(db, new Map([['community', migrations]]));
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

it('twenty thousand private messages make no other reader reload', () => {
  db.exec(`
    INSERT INTO accounts (id, name, name_key, role, generation, created_ms) VALUES
      (1, 'Ada', 'ada', 'member', 1, 0), (2, 'Ben', 'ben', 'member', 1, 0), (3, 'Cem', 'cem', 'member', 1, 0);
    WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 20001)
      INSERT INTO messages (id, changed_event, author_id, receiver_id, text, sent_ms) SELECT id, id, 1, 2, 'psst', 0 FROM n;
    INSERT INTO messages (id, changed_event, author_id, room_id, text, sent_ms) VALUES
      (1, 1, 1, 1, 'before', 0), (20002, 20002, 1, 1, 'after', 0);
    UPDATE event_counter SET last = 20002`);
  const { eventsAfter } = reads(db);
  const cem = { accountId: 3, role: 'member', groupIds: [] } as const;
  for (const viewer of [anonymous, cem]) {
    const answer = eventsAfter({ viewer, after: 1 });
    expect(answer).toMatchObject({ lastId: 20_002, hasMore: false, isTooFar: false });
    expect(answer.events.map(({ body }) => body)).toMatchObject([{ message: { text: 'after' } }]);
  }
  const ben = { accountId: 2, role: 'member', groupIds: [] } as const;
  expect(eventsAfter({ viewer: ben, after: 1 })).toMatchObject({ hasMore: true });
});
