/** An account, a publisher and a reader at a real tracker, and how lies of a tracker are detected. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccountPlace,
  openAccount,
  ownAccount,
  register,
  signIn,
  signOut,
  type TrackerAccount,
} from '../../client/account/account.ts';
import { openIdentity } from '../../client/account/identity.ts';
import { lastTracker, rememberTracker } from '../../client/account/last-tracker.ts';
import { TrackerClient } from '../../client/account/tracker-client.ts';
import { tellStanding } from '../../client/cli/sharing/standing-words.ts';
import { openStanding } from '../../client/session/shares/share-standing.ts';
import { loadFetched, saveFetched } from '../../client/sharing/fetched-releases.ts';
import { loadPublication, savePublication } from '../../client/sharing/publication-store.ts';
import { isOf, publishRelease } from '../../client/sharing/publishing.ts';
import { fetchReleaseTorrent } from '../../client/sharing/release-torrent.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { readRelease } from '../../torrents/release/release.ts';
import { notice, talk } from '../../tracker/protocol/api/talk-shapes.ts';
import { type RunningTracker, startTracker } from '../../tracker/server.ts';
import { makeFolder } from '../torrents/folder-fixture.ts';

const home = mkdtempSync(path.join(tmpdir(), 'cicada-catalogue-'));
let tracker: RunningTracker;
let ada: TrackerAccount;
const placeOf = (name: string): AccountPlace => ({
  stateFolder: path.join(home, name),
  tracker: tracker.url,
});

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: path.join(home, 'tracker') });
  await register(placeOf('ada'), { name: 'ada', mayShare: true });
  ada = await openAccount(placeOf('ada'));
});
afterAll(async () => {
  await ada?.close();
  await tracker?.close();
  rmSync(home, { recursive: true, force: true });
});

async function torrentOf(files: Record<string, number>, options: { private?: boolean } = {}) {
  const folder = makeFolder('Album', files);
  const trackers = [['http://tracker.example/secret/announce']];
  const { metainfo } = await createTorrent(folder, { trackers, ...options }, { threads: 1 });
  return { metainfo, release: await readRelease(metainfo, () => undefined) };
}

const publish = async (metainfo: Metainfo, more: { releaseId?: string; access?: object } = {}) =>
  await publishRelease(ada, await openIdentity(path.join(home, 'ada')), {
    metainfo,
    release: await readRelease(metainfo, () => undefined),
    releaseId: more.releaseId,
    access: more.access as never,
  });

describe('shared releases', () => {
  it('a sharing client reports a takedown, another version, a withdrawal, a ban and a silent tracker once each', async () => {
    const other = await startTracker({ port: 0, dataFolder: path.join(home, 'standing') });
    const at = (name: string) => ({ stateFolder: path.join(home, `standing-${name}`), tracker: other.url });
    const setupToken = other.setupToken!;
    await register(at('olga'), { name: 'olga', setupToken });
    await register(at('pia'), { name: 'pia', mayShare: true });
    const [olga, pia] = [await openAccount(at('olga')), await openAccount(at('pia'))];
    const { metainfo, release } = await torrentOf({ 'standing.flac': 40_000 });
    const publication = { metainfo, release, access: undefined, releaseId: undefined };
    const identity = await openIdentity(at('pia').stateFolder);
    const { release: shared } = await publishRelease(pia, identity, publication);
    const told: string[] = [];
    const standing = openStanding(pia, {
      onTrouble: (trouble) => {
        const remark = (line: string) => void told.push(line);
        tellStanding(trouble, pia.url, { document: () => {}, remark });
      },
      onTakenDown: async (releaseId, error) => {
        if (!told.includes(error.message)) told.push(error.message);
        expect([releaseId, error.code]).toEqual([shared.id, 'taken-down']);
      },
    });
    const look = async () => {
      for (let time = 0; time < 2; time++) await standing.look(shared);
      return told.splice(0);
    };
    expect(await look()).toEqual([]);
    const body = { reason: 'not hers' };
    await olga.call({ method: 'PUT', path: `/releases/${shared.id}/takedown`, body });
    expect(await look()).toEqual([
      'Album was taken down by a moderator: not hers. It is not published again',
    ]);
    await expect(publishRelease(pia, identity, publication)).rejects.toMatchObject({
      code: 'awaits-approval',
    });
    const again = { ...publication, releaseId: shared.id };
    await expect(publishRelease(pia, identity, again)).rejects.toMatchObject({ code: 'taken-down' });
    await olga.call({ method: 'DELETE', path: `/releases/${shared.id}/takedown` });
    expect(await look()).toEqual([]);
    await pia.call({ method: 'POST', path: '/accounts/me/passkey' });
    expect(await look()).toEqual([expect.stringMatching(/were renewed; stop sharing and start it again$/)]);
    expect(told.join()).not.toContain(shared.announceUrl);
    await pia.call({ method: 'DELETE', path: `/releases/${shared.id}` });
    expect(await look()).toEqual([expect.stringContaining('was withdrawn at')]);
    await olga.call({ method: 'PUT', path: '/accounts/pia/ban', body: { reason: 'noise' } });
    expect(await look()).toEqual([expect.stringContaining('this account is banned: noise')]);
    await olga.close();
    await other.close();
    expect(await look()).toEqual([expect.stringContaining('does not answer')]);
    await pia.close();
  });
});

describe('an account', () => {
  it("an account made on the tracker's page gets the key of the client that signs in first", async () => {
    const client = new TrackerClient(tracker.url);
    const body = { name: 'gus', password: 'a long enough one' };
    await client.call({ method: 'POST', path: '/accounts', body });
    await client.close();
    const place = placeOf('gus');
    await expect(signIn(place, 'gus', undefined)).rejects.toMatchObject({ code: 'sign-in-failed' });
    await signIn(place, 'gus', body.password);
    expect(await signIn(place, 'gus', undefined)).toMatchObject({ name: 'gus', hasPassword: true });
  });

  it('an account with a password can be opened by another client, and keeps the key that registered it', async () => {
    const [home, elsewhere] = [placeOf('cleo'), placeOf('cleo-elsewhere')];
    await register(home, { name: 'cleo', password: 'a long enough one' });
    const account = await signIn(elsewhere, 'cleo', 'a long enough one');
    expect(account.publicKey).toBe(
      Buffer.from((await openIdentity(home.stateFolder)).publicKey).toString('base64'),
    );
    await expect(signIn(elsewhere, 'cleo', undefined)).rejects.toMatchObject({ code: 'sign-in-failed' });
    await expect(signIn(elsewhere, 'cleo', 'a wrong one, too')).rejects.toMatchObject({ status: 401 });
  });

  it('an account whose session has ended signs in again once, however many calls notice it', async () => {
    const place = placeOf('dora');
    await register(place, { name: 'dora', mayShare: true });
    const one = await openAccount(place);
    await one.call({ method: 'DELETE', path: '/sessions/current' });
    const answers = await Promise.all([ownAccount(one), ownAccount(one), ownAccount(one)]);
    expect(answers.map(({ name }) => name)).toEqual(['dora', 'dora', 'dora']);
    await one.close();
  });

  it('an account that signs out becomes a stranger', async () => {
    const place = placeOf('finn');
    await register(place, { name: 'finn', mayShare: true });
    expect(await signOut(place)).toBe(true);
    expect(await signOut(place)).toBe(false);
    const stranger = await openAccount(place);
    expect(stranger.name).toBeUndefined();
    await expect(ownAccount(stranger)).rejects.toMatchObject({ code: 'not-signed-in' });
    await stranger.close();
  });
});

describe('a release', () => {
  it('a torrent that is published again is the same release, with or without a local record', async () => {
    const { metainfo } = await torrentOf({ '1.flac': 40_000 });
    const first = await publish(metainfo);
    expect(first).toMatchObject({ isNew: true, release: { version: 1, publisher: 'ada' } });
    for (const releaseId of [undefined, first.release.id, 'a'.repeat(26)]) {
      const again = await publish(metainfo, { ...(releaseId && { releaseId }) });
      expect(again).toMatchObject({ isNew: false, release: { id: first.release.id, version: 1 } });
    }
  });

  it('a release changes from private to public and back, with torrent and access in the allowed order', async () => {
    const people = { visibility: 'people', people: ['ada'] };
    const hidden = await torrentOf({ '1.flac': 41_000 }, { private: true });
    const { release } = await publish(hidden.metainfo, { access: people });
    const open = await torrentOf({ '1.flac': 42_000 });
    const everyone = { visibility: 'everyone' };
    const second = await publish(open.metainfo, { releaseId: release.id, access: everyone });
    expect(second.release).toMatchObject({ version: 2, visibility: 'everyone' });
    const again = await torrentOf({ '1.flac': 43_000 }, { private: true });
    const third = await publish(again.metainfo, { releaseId: release.id, access: people });
    expect(third.release).toMatchObject({ version: 3, visibility: 'people', people: ['ada'] });
  });

  it('a release narrowed together with a new version notifies no account that it excludes', async () => {
    const [fay, gil] = (await Promise.all(
      ['fay', 'gil'].map(async (name) => {
        await register(placeOf(name), { name, mayShare: true });
        return await openAccount(placeOf(name));
      }),
    )) as [TrackerAccount, TrackerAccount];
    const told = async (who: TrackerAccount) =>
      (await who.call({ path: '/notices', answer: talk(notice) })).rows.map(({ version }) => version);
    const one = await torrentOf({ 'narrow.flac': 50_000 }, { private: true });
    const { release } = await publish(one.metainfo, { access: { visibility: 'members' } });
    for (const who of [fay, gil]) await who.call({ method: 'PUT', path: `/releases/${release.id}/follow` });
    const two = await torrentOf({ 'narrow.flac': 51_000 }, { private: true });
    const more = { releaseId: release.id, access: { visibility: 'people', people: ['gil'] } };
    expect(await publish(two.metainfo, more)).toMatchObject({ isNew: true, isAccessChanged: true });
    await expect.poll(() => told(gil)).toEqual([2]);
    // An account that had been notified would see the notice again now.
    const wider = { ...more, access: { visibility: 'members' } };
    expect(await publish(two.metainfo, wider)).toMatchObject({ isNew: false, isAccessChanged: true });
    expect(await told(fay)).toEqual([]);
    for (const who of [fay, gil]) await who.close();
  });

  it('a change that is taken back makes one more version with the earlier torrent', async () => {
    const [one, two] = [await torrentOf({ '1.flac': 48_000 }), await torrentOf({ '1.flac': 49_000 })];
    const { id: releaseId } = (await publish(one.metainfo)).release;
    await publish(two.metainfo, { releaseId });
    expect((await publish(one.metainfo, { releaseId })).release).toMatchObject({ version: 3 });
    const fetched = await fetchReleaseTorrent(ada, releaseId);
    expect(fetched.version).toBe(3);
    expect(isOf((await publish(one.metainfo, { releaseId })).release, fetched.metainfo)).toBe(true);
  });

  it('a fetched release is as it was signed, without the trackers it was published with', async () => {
    const { metainfo } = await torrentOf({ '1.flac': 44_000 });
    const { release } = await publish(metainfo);
    const fetched = await fetchReleaseTorrent(ada, release.id);
    expect(isOf(release, fetched.metainfo)).toBe(true);
    expect(fetched).toMatchObject({ version: 1, publisher: 'ada' });
    expect(fetched.metainfo.trackers.flat().join()).toContain(tracker.url);
    expect(fetched.metainfo.trackers.flat().join()).not.toContain('tracker.example');
  });
});

describe('lies of a tracker are detected', () => {
  /** An account whose tracker answers like the real one, with changes. */
  function lying(change: (answer: never, path: string) => unknown, bytes?: Uint8Array): TrackerAccount {
    return {
      ...ada,
      call: async (call) => change((await ada.call(call)) as never, call.path) as never,
      bytes: async (at, query) => bytes ?? (await ada.bytes(at, query)),
    };
  }
  const refused = { code: 'release-forged' };

  it('a tracker is caught when it sends another torrent, hash or key, or a version that was never signed', async () => {
    const { metainfo } = await torrentOf({ '1.flac': 45_000 });
    const { id } = (await publish(metainfo)).release;
    const other = (await publish((await torrentOf({ '1.flac': 46_000 })).metainfo)).release;
    const torrent = await ada.bytes(`/releases/${other.id}/torrent`);
    await expect(
      fetchReleaseTorrent(
        lying((a) => a, torrent),
        id,
      ),
    ).rejects.toMatchObject(refused);

    type Versions = { publicKey: string; rows: { version: number; infoHashV2: string; signature: string }[] };
    const withRow = (row: object) =>
      lying((answer: Versions) => ({ ...answer, rows: answer.rows.map((known) => ({ ...known, ...row })) }));
    const lies = [{ infoHash: '0'.repeat(40) }, { version: 2 }, { signature: '' }, { publishedAtMs: 1 }];
    for (const row of lies)
      await expect(fetchReleaseTorrent(withRow(row), id)).rejects.toMatchObject(refused);

    const { publicKey } = await fetchReleaseTorrent(ada, id);
    const otherKey = Buffer.alloc(32, 1).toString('base64');
    const asked = { publicKey: otherKey };
    await expect(fetchReleaseTorrent(ada, id, asked)).rejects.toMatchObject(refused);
    // A missing key, where there was one, counts as another key.
    const keyless = lying(({ publicKey: _, ...answer }: Versions) => answer);
    await expect(fetchReleaseTorrent(keyless, id, { publicKey })).rejects.toMatchObject(refused);
  });
});

describe('what a client remembers', () => {
  it('a client remembers its tracker, the release of a folder at a tracker, and the version in a place', async () => {
    const state = path.join(home, 'memory');
    expect(await lastTracker(state)).toBeUndefined();
    await rememberTracker(state, 'tracker.example:6969/announce');
    expect(await lastTracker(state)).toBe('http://tracker.example:6969');

    const record = { releaseId: 'b'.repeat(26), access: { visibility: 'members' as const } };
    await savePublication(state, 'http://a', '/music', record);
    expect(await loadPublication(state, 'http://a', '/music')).toEqual(record);
    expect(await loadPublication(state, 'http://b', '/music')).toBeUndefined();

    const { metainfo } = await torrentOf({ '1.flac': 47_000 });
    const fetched = { releaseId: 'c'.repeat(26), version: 3, publicKey: 'k', metainfo, path: '/music/Album' };
    await saveFetched(state, '/music', fetched);
    expect(await loadFetched(state, fetched.releaseId, '/music')).toMatchObject({
      version: 3,
      publicKey: 'k',
    });
    expect((await loadFetched(state, fetched.releaseId, '/music'))!.metainfo.trackers).toEqual([]);
    expect(await loadFetched(state, fetched.releaseId, '/elsewhere')).toBeUndefined();
  });
});
