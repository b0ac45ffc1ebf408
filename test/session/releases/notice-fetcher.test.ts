/**
 * Releases that a session fetches because of notices: a real tracker, a publisher that seeds, and a reader.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openAccount, register, type TrackerAccount } from '../../../client/account/account.ts';
import { openIdentity } from '../../../client/account/identity.ts';
import type { Notice } from '../../../client/account/live-news.ts';
import { openSession } from '../../../client/session/open-session.ts';
import { NoticeFetcher, type NoticeFetcherPorts } from '../../../client/session/releases/notice-fetcher.ts';
import type { Session } from '../../../client/session/session.ts';
import { publishRelease } from '../../../client/sharing/publishing.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { readRelease } from '../../../torrents/release/release.ts';
import { wish } from '../../../tracker/protocol/api/talk-shapes.ts';
import { type RunningTracker, startTracker } from '../../../tracker/server.ts';

const home = mkdtempSync(join(tmpdir(), 'cicada-notices-'));
let tracker: RunningTracker;
let ada: TrackerAccount;
let bob: TrackerAccount;
let seeder: Session;
beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: join(home, 'tracker') });
  const accountOf = async (name: string) => {
    const place = { stateFolder: join(home, name), tracker: tracker.url };
    await register(place, { name, mayShare: true });
    return await openAccount(place);
  };
  [ada, bob] = [await accountOf('ada'), await accountOf('bob')];
  seeder = (await openSession({ port: 0, host: '127.0.0.1', threads: 1 })).session;
});
afterAll(async () => {
  await seeder?.close();
  await Promise.all([ada?.close(), bob?.close()]);
  await tracker?.close();
  rmSync(home, { recursive: true, force: true });
});

/**
 * Publishes an album of these songs as ada, and seeds it unless `isSeeded` is false. Returns the id of its
 * release.
 */
async function publish(
  name: string,
  songs: Record<string, string>,
  { releaseId = '', isSeeded = true } = {},
) {
  const place = join(home, `${name} ${Object.values(songs).join(' ')}`, name);
  mkdirSync(place, { recursive: true });
  for (const [file, text] of Object.entries(songs)) writeFileSync(join(place, file), text);
  const { metainfo } = await createTorrent(place, {}, { threads: 1 });
  const release = await readRelease(metainfo, () => undefined);
  const identity = await openIdentity(join(home, 'ada'));
  const publication = { metainfo, release, access: undefined, releaseId: releaseId || undefined };
  const { release: published } = await publishRelease(ada, identity, publication);
  const announced = { ...metainfo, trackers: [[published.announceUrl]] };
  const trust = { origin: new URL(tracker.url).origin };
  if (isSeeded)
    await seeder.add({ wanted: { metainfo: announced }, kind: 'share', place, verify: false, trust }).started;
  return published.id;
}

const noticeOf = (releaseId: string, kind = 'new-version', more: Partial<Notice> = {}): Notice => {
  return { id: 'n', kind, madeAtMs: 0, isRead: false, releaseId, ...more };
};

/** A notice fetcher of bob, with a music folder of its own, and a log of its events. */
async function reader(ports: Partial<NoticeFetcherPorts> = {}) {
  const folder = mkdtempSync(join(home, 'music-'));
  const stateFolder = join(home, 'bob');
  const { session } = await openSession({ port: 0, host: '127.0.0.1', threads: 1, stateFolder });
  const control = new AbortController();
  onTestFinished(async () => {
    control.abort();
    await session.close();
  });
  const told: string[] = [];
  const options = { folder, stateFolder, signal: control.signal };
  const fetcher = new NoticeFetcher(session, bob, options, {
    onRelease: ({ torrent, upgradeFrom }) =>
      told.push(`${torrent.metainfo.name} ${torrent.version}, ${upgradeFrom?.version ?? 'none'} here`),
    onFetching: async ({ metainfo }, _, fetched) => {
      await fetched;
      told.push(`fetched ${metainfo.name}`);
    },
    onFailed: (error) => told.push(String((error as { readonly code?: string }).code)),
    ...ports,
  });
  const names = () => session.transfers.map(({ name }) => name);
  return { session, fetcher, folder, told, names, control };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('a notice', () => {
  it.each(['new-version', 'new-release'])(
    'the release of a %s notice is fetched and seeded',
    async (kind) => {
      const id = await publish(`Album ${kind}`, { '1.flac': kind });
      const { session, fetcher, folder, told } = await reader();
      fetcher.take(noticeOf(id, kind));
      await soon(() => expect(told).toEqual([`Album ${kind} 1, none here`, `fetched Album ${kind}`]));
      expect(readFileSync(join(folder, `Album ${kind}`, '1.flac'), 'utf8')).toBe(kind);
      expect(session.transfers.map(({ state }) => state)).toEqual(['sharing']);
    },
  );

  it('a wish notice is fetched only for a wish marked for download, and a comment notice never', async () => {
    const id = await publish('Wished', { '1.flac': 'wished' });
    const body = { query: 'wished' };
    const path = '/wishes';
    const wishAs = (more: object) =>
      bob.call({ method: 'POST', path, body: { ...body, ...more }, answer: wish });
    const [plain, marked] = [await wishAs({}), await wishAs({ query: 'wished too', downloads: true })];
    const { fetcher, told } = await reader();
    for (const kind of ['comment', 'finished', 'takedown', 'not-heard-of']) fetcher.take(noticeOf(id, kind));
    fetcher.take(noticeOf(id, 'wish', { wishId: plain.id }));
    fetcher.take(noticeOf(id, 'wish', { wishId: 'forgotten' }));
    fetcher.take(noticeOf(id, 'wish', { wishId: marked.id }));
    await soon(() => expect(told).toEqual(['Wished 1, none here', 'fetched Wished']));
  });

  it('a notice of a version that is here fetches nothing, and the next version replaces it', async () => {
    const id = await publish('Changing', { '1.flac': 'one', '2.flac': 'two' });
    const { session, fetcher, folder, told } = await reader();
    for (let time = 0; time < 3; time++) fetcher.take(noticeOf(id));
    await soon(() => expect(told.filter((what) => what === 'Changing 1, none here')).toHaveLength(3));
    expect(told.filter((what) => what.startsWith('fetched'))).toHaveLength(1);
    await publish('Changing', { '1.flac': 'one', '2.flac': 'TWO' }, { releaseId: id });
    fetcher.take(noticeOf(id));
    await soon(() => expect(told.slice(-2)).toEqual(['Changing 2, 1 here', 'fetched Changing']));
    expect(readFileSync(join(folder, 'Changing/2.flac'), 'utf8')).toBe('TWO');
    expect(session.transfers).toHaveLength(1);
  });

  it('a notice whose release cannot be fetched is reported, and the next one is fetched', async () => {
    const [before, after] = [
      await publish('Before', { '1.flac': 'before' }),
      await publish('After', { '1.flac': 'after' }),
    ];
    const { fetcher, told, folder, names } = await reader();
    mkdirSync(join(folder, 'Before'));
    writeFileSync(join(folder, 'Before/1.flac'), 'something else');
    fetcher.take(noticeOf('a'.repeat(26)));
    fetcher.take(noticeOf(before));
    fetcher.take(noticeOf(after));
    await soon(() =>
      expect(told).toEqual([
        'not-found',
        'Before 1, none here',
        'exists',
        'After 1, none here',
        'fetched After',
      ]),
    );
    // The failed one can be tried again.
    expect(names()).toEqual(['After']);
    rmSync(join(folder, 'Before'), { recursive: true });
    fetcher.take(noticeOf(before));
    await soon(() => expect(told.at(-1)).toBe('fetched Before'));
  });

  it('notices are handled in order, so only one release is fetched at a time', async () => {
    const ids = [
      await publish('Slow', { '1.flac': 'slow' }, { isSeeded: false }),
      await publish('Next', { '1.flac': 'next' }),
    ];
    const stopped = Promise.withResolvers<void>();
    const { fetcher, told, names, control } = await reader({ onFetching: () => stopped.promise });
    for (const id of ids) fetcher.take(noticeOf(id));
    await soon(() => expect(names()).toEqual(['Slow']));
    control.abort();
    stopped.reject(new Error('stopped at 0 %'));
    await expect(fetcher.ended).rejects.toThrow('stopped at 0 %');
    expect([told, names()]).toEqual([['Slow 1, none here'], ['Slow']]);
  });
});
