/** Rules for all rows of moderation, and the database of an earlier version. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrations as catalogueMigrations } from '../../../../../tracker/catalogue/migrations.ts';
import { migrations as communityMigrations } from '../../../../../tracker/community/stores/tables.ts';
import { type Library, openLibrary } from '../../../../../tracker/library.ts';
import { Registry } from '../../../../../tracker/registry.ts';
import { publication, releaseIdOf } from '../../../catalogue/catalogue-album.ts';
import { again, enrol, enrolOwner, type Person } from '../../../community/community-scene.ts';

let folder: string;
const opened: Library[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cicada-moderation-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((library) => library.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<Library> {
  const onError = (error: unknown) => {
    throw error;
  };
  const registry = new Registry({ hashSeed: 1 });
  const library = await openLibrary({
    dataFolder: folder,
    registry,
    peerTimeoutMs: 1,
    nowMs: () => 0,
    wallMs: Date.now,
    onError,
  });
  opened.push(library);
  return library;
}
const path = () => join(folder, 'tracker.db');

async function takenDown(library: Library): Promise<{ releaseId: string; owner: Person; ada: Person }> {
  const owner = await enrolOwner(library.community);
  const ada = await enrol(library.community, 'Ada');
  const releaseId = releaseIdOf('Noon');
  await library.catalogue.publish(publication(releaseId, ada.viewer, { album: 'Noon', tracks: ['One'] }));
  await library.moderation.takeDown(owner.viewer, { releaseId, reason: 'not hers' });
  return { releaseId, owner, ada };
}

describe('the audit list', () => {
  it('rows of the audit list can be neither changed nor deleted', async () => {
    const library = await open();
    await takenDown(library);
    await library.close();
    opened.length = 0;
    const db = new DatabaseSync(path());
    expect(() => db.exec('DELETE FROM audit')).toThrow('the audit list is kept');
    expect(() => db.exec("UPDATE audit SET reason = 'none'")).toThrow('the audit list is kept');
    expect(db.prepare('SELECT count(*) AS n FROM audit').get()).toEqual({ n: 1 });
    db.close();
  });

  it('the audit list has a row for each action that succeeded, and none for one that failed', async () => {
    const library = await open();
    const { releaseId, owner } = await takenDown(library);
    const deeds = [
      library.moderation.takeDown(owner.viewer, { releaseId, reason: 'again' }),
      library.moderation.liftBlock(owner.viewer, 99),
      library.moderation.decide(owner.viewer, 99, { isApproved: true, reason: 'x' }),
    ];
    for (const deed of deeds) await expect(deed).rejects.toMatchObject({ code: 'not-found' });
    expect((await library.community.audit(owner.viewer)).rows).toMatchObject([{ action: 'take-down' }]);
  });
});

it('a takedown persists across restarts, and a restored release is complete', async () => {
  const first = await open();
  const { releaseId, owner, ada } = await takenDown(first);
  await first.close();
  opened.length = 0;
  const second = await open();
  const viewer = await again(second.community, owner);
  expect(second.served(releaseId)).toBeUndefined();
  await second.moderation.restore(viewer, releaseId);
  expect(second.served(releaseId)).toMatchObject({ releaseId });
  expect(await second.catalogue.release({ viewer: ada.viewer, releaseId })).toMatchObject({ album: 'Noon' });
  expect((await second.catalogue.searchReleases({ viewer, text: 'noon' })).rows).toHaveLength(1);
});

it('a release whose torrent file is lost can be taken down, and is blocked by its hashes', async () => {
  const library = await open();
  const owner = await enrolOwner(library.community);
  const ada = await enrol(library.community, 'Ada');
  const noon = { album: 'Noon', tracks: ['One'] };
  const releaseId = releaseIdOf('Noon');
  await library.catalogue.publish(publication(releaseId, ada.viewer, noon));
  rmSync(`${path()}-torrents`, { recursive: true });
  await library.moderation.takeDown(owner.viewer, { releaseId, reason: 'not hers' });
  expect(library.served(releaseId)).toBeUndefined();
  const again = library.catalogue.publish(publication(releaseIdOf('Again'), owner.viewer, noon));
  await expect(again).rejects.toMatchObject({ code: 'awaits-approval' });
});

it('a database of the version before moderation opens and keeps all data', async () => {
  const before = await open();
  const { community, catalogue } = before;
  const ada = await enrol(community, 'Ada');
  const releaseId = releaseIdOf('Kept');
  await catalogue.publish(publication(releaseId, ada.viewer, { album: 'Kept', tracks: ['One'] }));
  await community.say(ada.viewer, 'lobby', 'hello');
  await before.close();
  opened.length = 0;
  rewind(path());
  const { community: now, catalogue: kept, moderation } = await open();
  expect(await kept.release({ viewer: ada.viewer, releaseId })).toMatchObject({ album: 'Kept' });
  expect((await now.messages(ada.viewer, 'lobby')).rows).toMatchObject([{ text: 'hello' }]);
  const owner = await enrolOwner(now);
  await moderation.takeDown(owner.viewer, { releaseId, reason: 'test' });
  expect((await now.notices(ada.viewer)).rows).toMatchObject([{ kind: 'takedown', text: 'test' }]);
});

/** Rewinds the tables to those before moderation, with the current rows. */
function rewind(file: string): void {
  const newer = `${file}.newer`;
  renameSync(file, newer);
  const db = new DatabaseSync(file);
  db.exec(`ATTACH '${newer}' AS newer; PRAGMA foreign_keys = OFF`);
  db.exec('CREATE TABLE room_versions (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT');
  for (const [room, migrations, mark] of [
    ['community', communityMigrations, 'CREATE TABLE audit'],
    ['catalogue', catalogueMigrations, 'CREATE TABLE takedowns'],
  ] as const) {
    const steps = migrations.findIndex((step) => typeof step === 'string' && step.includes(mark));
    for (const step of migrations.slice(0, steps)) {
      if (typeof step === 'string') db.exec(step);
      else if (typeof step === 'function') step(db);
    }
    db.prepare('INSERT INTO room_versions VALUES (?, ?)').run(room, steps);
  }
  const columnsOf = (table: string, schema: string) =>
    db
      .prepare(`SELECT name FROM pragma_table_info('${table}', '${schema}')`)
      .all()
      .map(({ name }) => String(name));
  const tables = db.prepare("SELECT name FROM main.sqlite_master WHERE type = 'table'").all();
  for (const table of tables.map(({ name }) => String(name))) {
    // Tables of search words are rebuilt by the next migration, so they are not copied.
    if (/_words|^vocabulary$|^sqlite_|^room_versions$/.test(table)) continue;
    const known = columnsOf(table, 'newer');
    // Accounts had a passkey in that version.
    const before: Record<string, string> = { passkey: "printf('%032d', id)" };
    const columns = columnsOf(table, 'main').filter(
      (column) => known.includes(column) || before[column] !== undefined,
    );
    if (columns.length === 0) continue;
    const values = columns.map((column) => (known.includes(column) ? column : before[column])).join();
    db.exec(
      `DELETE FROM main.${table}; INSERT INTO main.${table} (${columns.join()}) SELECT ${values} FROM newer.${table}`,
    );
  }
  db.close();
  rmSync(newer);
}
