/**
 * A database of the previous version, in which each account had one passkey in plain text. The passkeys stay
 * valid, and no file contains them any more.
 */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrations as catalogueMigrations } from '../../../../../tracker/catalogue/migrations.ts';
import { migrations as communityMigrations } from '../../../../../tracker/community/stores/tables.ts';
import { migrate } from '../../../../../tracker/database/migrations.ts';
import { trackerKeyName } from '../../../../../tracker/key-file.ts';
import { type Library, openLibrary } from '../../../../../tracker/library.ts';
import { Registry } from '../../../../../tracker/registry.ts';
import { publication, releaseIdOf } from '../../../catalogue/catalogue-album.ts';

const nowMs = Date.UTC(2026, 0, 1);
const passkeys = ['ada', 'bo', 'cy'].map((name) => name.padEnd(32, 'x2'));
const [ofAda, ofBo, ofCy] = passkeys as [string, string, string];
/** A passkey that its owner had renewed. It remains in unused pages of the database. */
const renewed = 'renewed'.padEnd(32, 'z7');

let folder: string;
const opened: Library[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cicada-passkeys-'));
});
afterEach(async () => {
  for (const library of opened.splice(0)) await library.close();
  rmSync(folder, { recursive: true });
});

/**
 * The database as the previous version left it. `isClean` false: after a kill, with a WAL that was not
 * checkpointed.
 */
function writeOld(isClean = true): void {
  const db = new DatabaseSync(join(folder, 'tracker.db'));
  db.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON');
  migrate(
    db,
    new Map([
      ['community', communityMigrations.slice(0, 1)],
      ['catalogue', catalogueMigrations.slice(0, 1)],
    ]),
  );
  const insert = db.prepare(
    `INSERT INTO accounts (name, name_key, role, public_key, password, passkey, created_ms, invited_by, banned_ms, ban_reason)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const accounts: SQLInputValue[][] = [
    ['Ada', 'ada', 'owner', new Uint8Array(32).fill(1), null, ofAda, nowMs, null, null, null],
    ['Bo', 'bo', 'member', null, 'hash', ofBo, nowMs, 1, null, null],
    ['Cy', 'cy', 'guest', new Uint8Array(32).fill(3), null, ofCy, nowMs, 2, 5, 'noise'],
  ];
  for (const account of accounts) insert.run(...account);
  db.prepare('UPDATE accounts SET passkey = ? WHERE id = 2').run(renewed);
  db.prepare('UPDATE accounts SET passkey = ? WHERE id = 2').run(ofBo);
  db.exec(`INSERT INTO groups (name, name_key, founder_id, created_ms) VALUES ('Choir', 'choir', 1, 0);
    INSERT INTO group_members VALUES (1, 1), (1, 2);
    INSERT INTO sessions VALUES (x'00', 's', 2, '', ${nowMs}, ${nowMs});
    INSERT INTO followed_accounts VALUES (1, 2);
    UPDATE accounts SET notices_read = 7 WHERE id = 2`);
  if (isClean) return db.close();
  // The files as they are on disk while the database is open.
  for (const file of ['tracker.db', 'tracker.db-wal'])
    cpSync(join(folder, file), join(folder, `${file}.copy`));
  db.close();
  for (const file of ['tracker.db', 'tracker.db-wal'])
    renameSync(join(folder, `${file}.copy`), join(folder, file));
}

async function open(): Promise<Library> {
  const library = await openLibrary({
    dataFolder: folder,
    registry: new Registry({ hashSeed: 1 }),
    peerTimeoutMs: 60_000,
    nowMs: () => 0,
    wallMs: Date.now,
    // After a kill the file is checked for damage, perhaps for longer than the test runs.
    onError: () => {},
  });
  opened.push(library);
  return library;
}

/** The names of the files that contain this text. */
const filesWith = (text: string) =>
  readdirSync(folder)
    .filter((name) => statSync(join(folder, name)).isFile())
    .filter((name) => readFileSync(join(folder, name)).includes(text));

const publisher = { accountId: 1, role: 'owner', groupIds: [1] } as const;
const publish = (library: Library, album: string, access: object) =>
  library.catalogue.publish({
    ...publication(releaseIdOf(`${album} ${JSON.stringify(access)}`), publisher, {
      ...{ album, tracks: ['Song'], private: true },
    }),
    access: access as { visibility: 'everyone' },
  });

it.each([
  ['was closed', true],
  ['was killed', false],
])(
  'after the migration no file of a database that %s contains a passkey, not even a renewed one',
  async (_, isClean) => {
    writeOld(isClean);
    expect([...passkeys, renewed].flatMap(filesWith)).not.toEqual([]);
    const library = await open();
    for (const passkey of [...passkeys, renewed]) expect(filesWith(passkey)).toEqual([]);
    await library.close();
    for (const passkey of [...passkeys, renewed]) expect(filesWith(passkey)).toEqual([]);
  },
);

it('accounts are unchanged by the migration', async () => {
  writeOld();
  const { community } = await open();
  expect(await community.me(publisher)).toMatchObject({ name: 'Ada', role: 'owner', groups: ['Choir'] });
  expect(await community.account(publisher, 'Cy')).toMatchObject({ role: 'guest', ban: { reason: 'noise' } });
  expect(await community.accessAfter(0)).toMatchObject([
    { accountId: 1, role: 'owner', groupIds: [1] },
    { accountId: 2, role: 'member', groupIds: [1] },
    { accountId: 3, role: 'guest', bannedUntilMs: Infinity },
  ]);
  expect(await community.follows({ accountId: 2, role: 'member', groupIds: [1] })).toEqual({
    releaseIds: [],
    accounts: ['Ada'],
  });
  const setupToken = 'A'.repeat(43);
  const publicKey = new Uint8Array(32).fill(9);
  // The id counter continues, and there is an owner.
  await expect(community.register({ name: 'Eve', publicKey, setupToken })).rejects.toMatchObject({
    code: 'setup-invalid',
  });
  const { account } = await community.register({ name: 'Dee', publicKey });
  expect(account.accountId).toBe(4);
});

it('an old passkey is valid where its account sees one swarm of the torrent, until it is renewed', async () => {
  writeOld();
  const library = await open();
  const { admission, community } = library;
  const { infoHashes } = await publish(library, 'Tide', { visibility: 'group', groupId: 1 });
  const admit = (passkey: string) => {
    const admitted = admission.admit(infoHashes[0]!, passkey, nowMs);
    return typeof admitted === 'string' ? admitted : admitted.account!.accountId;
  };
  expect([admit(ofAda), admit(ofBo), admit(ofCy), admit(renewed)]).toEqual([
    1,
    2,
    'not-served',
    'not-served',
  ]);
  expect(admission.feedReader(ofBo, nowMs)).toMatchObject({ accountId: 2 });
  const other = { accountId: 2, role: 'member', groupIds: [1] } as const;
  await library.catalogue.publish({
    ...publication(releaseIdOf('again'), other, { album: 'Tide', tracks: ['Song'], private: true }),
  });
  expect([admit(ofAda), admit(ofBo)]).toEqual(['fetch-again', 'fetch-again']);
  await community.renewPasskeys(other);
  expect([admit(ofAda), admit(ofBo)]).toEqual(['fetch-again', 'not-served']);
  await library.close();
  // This still holds after the next start.
  const next = await open();
  expect(next.isKeyReplaced).toBe(false);
  expect(next.admission.feedReader(ofBo, nowMs)).toBeUndefined();
  expect(next.admission.feedReader(ofAda, nowMs)).toMatchObject({ accountId: 1 });
});

it('a replaced tracker key is reported, and passkeys of the first key are invalid', async () => {
  writeOld();
  const library = await open();
  const { releaseId, infoHashes } = await publish(library, 'Tide', { visibility: 'members' });
  const passkey = library.admission.passkeyFor(2, releaseId)!;
  const isGood = ({ admission }: Library) =>
    typeof admission.admit(infoHashes[0]!, passkey, nowMs) === 'object';
  expect([library.isKeyReplaced, isGood(library)]).toEqual([false, true]);
  await library.close();
  const file = join(folder, trackerKeyName);
  cpSync(file, join(folder, 'kept'));
  rmSync(file);
  const second = await open();
  expect([second.isKeyReplaced, isGood(second)]).toEqual([true, false]);
  await second.close();
  const third = await open();
  expect(third.isKeyReplaced).toBe(false);
  await third.close();
  // The key restored from a backup.
  rmSync(file);
  renameSync(join(folder, 'kept'), file);
  const fourth = await open();
  expect([fourth.isKeyReplaced, isGood(fourth)]).toEqual([true, true]);
});

it('a copy of the database alone cannot make valid passkeys', async () => {
  const library = await open();
  const { account } = await library.community.register({
    name: 'Ada',
    publicKey: new Uint8Array(32).fill(1),
  });
  const key = library.admission.feedKeyFor(account.accountId)!;
  await library.close();
  const secret = readFileSync(join(folder, trackerKeyName));
  for (const text of [key, secret.toString('hex'), secret.toString('base64')])
    expect(filesWith(text)).toEqual([]);
  for (const name of ['tracker.db', 'tracker.db-wal']) {
    const bytes = statSync(join(folder, name), { throwIfNoEntry: false }) && readFileSync(join(folder, name));
    expect(bytes?.includes(secret) ?? false).toBe(false);
  }
  rmSync(join(folder, trackerKeyName));
  expect((await open()).admission.feedReader(key, nowMs)).toBeUndefined();
});
