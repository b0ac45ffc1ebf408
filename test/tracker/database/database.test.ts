import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runBatch } from '../../../tracker/database/batch.ts';
import { checkSqliteVersion } from '../../../tracker/database/connection.ts';
import { type Database, openDatabase } from '../../../tracker/database/database.ts';
import { codedError } from '../../../tracker/database/database-error.ts';
import { findDamage } from '../../../tracker/database/integrity.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import type * as notesModule from './database-notes.ts';
import * as notes from './database-notes.ts';

const notesUrl = new URL('./database-notes.ts', import.meta.url);
type Writes = ReturnType<typeof notesModule.writes>;
type Reads = ReturnType<typeof notesModule.reads>;

let folder: string;
let path: string;
const opened: Database[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-database-'));
  path = join(folder, 'data', 'cicada.db');
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
  await rm(folder, { recursive: true });
});

async function open(onFault?: (error: Error) => void) {
  const database = await openDatabase({ path, rooms: { notes: notesUrl }, ...(onFault && { onFault }) });
  opened.push(database);
  return { database, writes: database.writes<Writes>('notes'), reads: database.reads<Reads>('notes') };
}

describe('a database that is open', () => {
  it('a write is answered once all readers can see it', async () => {
    const { writes, reads } = await open();
    expect(await writes.add('first')).toBe(1);
    expect(await reads.texts()).toEqual(['first']);
  });

  it('a database keeps its data, and reports whether the last program closed it', async () => {
    const { database, writes } = await open();
    await writes.add('kept');
    await database.close();
    const again = await open();
    expect(again.database.afterUncleanStop).toBe(false);
    expect(await again.reads.texts()).toEqual(['kept']);
  });

  it('after kill -9 no answered write is lost, and the next program can open the database at once', async () => {
    const program = `
      import { openDatabase } from ${JSON.stringify(new URL('../../../tracker/database/database.ts', import.meta.url).href)};
      const database = await openDatabase({ path: ${JSON.stringify(path)}, rooms: { notes: new URL(${JSON.stringify(notesUrl.href)}) } });
      const { add } = database.writes('notes');
      for (let n = 0; ; n++) { await add('note ' + n); process.send(n); }`;
    const file = join(folder, 'writer.mjs');
    await writeFile(file, program);
    const child = fork(file);
    let last = -1;
    await new Promise<void>((resolve) => {
      child.on('message', (n: number) => {
        last = n;
        if (n === 20) resolve();
      });
    });
    child.kill('SIGKILL');
    await once(child, 'close');
    const { database, reads } = await open();
    expect(database.afterUncleanStop).toBe(true);
    const texts = await reads.texts();
    expect(texts.slice(0, last + 1)).toEqual(Array.from({ length: last + 1 }, (_, n) => `note ${n}`));
    expect(await findDamage(path)).toEqual([]);
  });

  it('a database is refused to a second program', async () => {
    await open();
    await expect(open()).rejects.toMatchObject({ code: 'database-in-use' });
  });

  // Node's own recursive mkdir never returns in /proc, and only SIGKILL ends it.
  it.each([
    ['a folder that cannot be created', () => '/proc/cicada/x'],
    ['a folder below a file', () => join(folder, 'file', 'data')],
    ['a file instead of a folder', () => join(folder, 'file')],
    ['a dangling symbolic link', () => join(folder, 'link')],
  ])('a database in %s is refused at once', async (_, place) => {
    await writeFile(join(folder, 'file'), '');
    await symlink('nowhere', join(folder, 'link'));
    path = join(place(), 'cicada.db');
    await expect(open()).rejects.toMatchObject({
      code: 'database-unreadable',
      message: expect.stringContaining(place()),
    });
  });

  it.each([
    ['ENOSPC', 'database-full'],
    ['EDQUOT', 'database-full'],
    ['EROFS', 'database-unreadable'],
    ['notes-closed', 'notes-closed'],
  ])('the system error %s of a file beside the database has the code %s', (system, code) => {
    expect(codedError(Object.assign(new Error('why'), { code: system })).code).toBe(code);
  });

  it('a database is readable by its owner only', async () => {
    await open();
    for (const name of ['', '-wal', '-shm']) expect((await stat(path + name)).mode & 0o077).toBe(0);
  });

  it('a reader cannot write', async () => {
    const { reads } = await open();
    await expect(reads.write()).rejects.toMatchObject({ code: 'database-unreadable' });
  });

  it('a refusal is passed on with its code, and that call is undone', async () => {
    const { writes, reads } = await open();
    const calls = [writes.add('one'), writes.addAndRefuse('two'), writes.add('three')];
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'notes-closed', message: 'no more notes today' } });
    expect(await reads.texts()).toEqual(['one', 'three']);
  });

  it('an asynchronous operation is refused, because a transaction must not wait', async () => {
    const { writes } = await open();
    await expect(writes.later()).rejects.toMatchObject({ message: expect.stringContaining('synchronous') });
  });

  it('a flood of writes is refused at once instead of kept in memory', async () => {
    const { writes } = await open();
    const results = await Promise.allSettled(
      Array.from({ length: 3_000 }, (_, n) => writes.add(`note ${n}`)),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(2_000);
    expect(refused[0]).toMatchObject({ reason: { code: 'database-overloaded' } });
  });

  it("every call is answered when the database's thread ends, with the reason", async () => {
    const faults: Error[] = [];
    const { writes } = await open((error) => faults.push(error));
    const results = await Promise.allSettled([writes.crash(), writes.add('a')]);
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'database-stopped' } });
    await expect(writes.add('c')).rejects.toMatchObject({ code: 'database-stopped' });
    expect(faults).toMatchObject([{ code: 'database-stopped' }]);
  });

  it('calls in progress are answered before the database closes, and later ones are refused', async () => {
    const { database, writes } = await open();
    const last = writes.add('last');
    await database.close();
    expect(await last).toBe(1);
    await expect(writes.add('too late')).rejects.toMatchObject({ code: 'database-stopped' });
  });
});

it('damage by the disk is found', async () => {
  const { database, writes } = await open();
  await Promise.all(Array.from({ length: 300 }, (_, n) => writes.add(`note ${n} ${'x'.repeat(50)}`)));
  await database.close();
  const bytes = await readFile(path);
  // The last page belongs to a table or its index, and begins with its page type.
  bytes.fill(0xff, bytes.length - 4096, bytes.length - 4000);
  await writeFile(path, bytes);
  expect(await findDamage(path)).not.toEqual([]);
});

describe('a file that is no tracker database', () => {
  it('a file with other content is refused and kept', async () => {
    path = join(folder, 'song.flac');
    await writeFile(path, 'fLaC'.repeat(1000));
    await expect(open()).rejects.toMatchObject({ code: 'database-damaged' });
    expect((await readFile(path)).length).toBe(4000);
  });

  it('a database of a newer program is refused', async () => {
    const { database } = await open();
    await database.close();
    const db = new DatabaseSync(path);
    db.exec("UPDATE room_versions SET version = 3 WHERE room = 'notes'");
    db.close();
    await expect(open()).rejects.toMatchObject({ code: 'database-newer' });
  });

  it('a database in an unwritable place is refused', async () => {
    path = join(folder, 'file', 'cicada.db');
    await writeFile(join(folder, 'file'), '');
    await expect(open()).rejects.toMatchObject({ code: 'database-unreadable' });
  });
});

describe('migrations', () => {
  it('migrations run once each, in order, and only the missing ones', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, new Map([['notes', notes.migrations.slice(0, 1)]]));
    migrate(db, new Map([['notes', notes.migrations]]));
    migrate(db, new Map([['notes', notes.migrations]]));
    expect(db.prepare('SELECT * FROM room_versions').all()).toMatchObject([{ room: 'notes', version: 2 }]);
  });

  it('a migration that fails leaves the previous version whole', () => {
    const db = new DatabaseSync(':memory:');
    const steps = ['CREATE TABLE a (x)', 'CREATE TABLE b (x); CREATE TABLE a (x)'];
    expect(() => migrate(db, new Map([['notes', steps]]))).toThrow('already exists');
    expect(db.prepare('SELECT version FROM room_versions').get()).toMatchObject({ version: 1 });
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'b'").get()).toMatchObject({
      n: 0,
    });
  });
});

describe('group commit', () => {
  it('every call of a transaction that the disk undid fails, and the rest continue in another', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, new Map([['notes', notes.migrations]]));
    const { add, addAndLoseAll } = notes.writes(db);
    const answers = runBatch(db, [
      { id: 1, operation: add, argument: 'before' },
      { id: 2, operation: addAndLoseAll, argument: 'full' },
      { id: 3, operation: add, argument: 'after' },
    ]);
    expect(answers).toMatchObject([
      { id: 1, error: { code: 'database-full' } },
      { id: 2, error: { code: 'database-full' } },
      { id: 3, value: 1 },
    ]);
    expect(notes.reads(db).texts()).toEqual(['after']);
  });
});

it('an SQLite with the WAL-reset bug is refused', () => {
  expect(() => checkSqliteVersion('3.51.2')).toThrow('3.51.3 or newer');
  expect(() => checkSqliteVersion('3.9.10')).toThrow();
  checkSqliteVersion('3.51.3');
  checkSqliteVersion('3.100.0');
  checkSqliteVersion(process.versions.sqlite!);
});
