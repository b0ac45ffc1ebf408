/** Downloads of one process whose paths meet, with real seeds. Between processes: test/e2e/two-torrents.test.ts. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ClaimRegister, machineClaims } from '../../../client/host/claims/claim-register.ts';
import {
  type ClaimWait,
  claimDownload,
  type DownloadClaim,
} from '../../../client/host/claims/download-claim.ts';
import type { Client } from '../../../client/host/client.ts';
import { openClient } from '../../../client/host/open-client.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { type MadeTorrent, temporaryFolder, torrentOf } from './meeting-torrents.ts';

const opened: Client[] = [];
/** A machine may be busy; what is waited for comes in milliseconds. */
const patient = { timeout: 20_000 };

afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
});

async function client(downloadBpsMax = 0): Promise<Client> {
  const one = await openClient({ port: 0, host: '127.0.0.1', threads: 1, downloadBpsMax });
  opened.push(one);
  return one;
}

/** Who has these, as peers. */
async function seedOf(...made: readonly MadeTorrent[]) {
  const seed = await client();
  for (const { metainfo, source } of made) await seed.seed(metainfo, { path: source, verify: false });
  return [{ host: '127.0.0.1', port: seed.port }];
}

/** Everything below the folder. */
const namesIn = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort();

const cover = [70_000, 9] as const;
const otherCover = [70_000, 8] as const;

describe('two downloads into one folder', () => {
  it.each(['v1', 'hybrid', 'v2'] as const)(
    'with other bytes under one name: the second is refused by both names, and nothing of it is written (%s)',
    async (format) => {
      const a = await torrentOf('Album', { 'cover.jpg': cover, '1.flac': [50_000, 1] }, format);
      const b = await torrentOf('Album', { 'cover.jpg': otherCover, '2.flac': [50_000, 2] }, format);
      const folder = temporaryFolder();
      const peers = await seedOf(a, b);
      const [one, two] = [await client(), await client()];
      // No peers yet: what it claims is not there.
      const first = await one.download(a.metainfo, { folder });
      const error = await two.download(b.metainfo, { folder, peers }).catch((reason: Error) => reason);
      expect(error).toMatchObject({
        code: 'claimed',
        path: join(folder, 'Album/cover.jpg'),
        holder: { name: 'Album', infoHash: Buffer.from(a.metainfo.infoHash).toString('hex') },
      });
      expect((error as Error).message).toMatch(
        /cover\.jpg is being fetched by the torrent "Album" \([0-9a-f]{8}…\)/,
      );
      expect(namesIn(folder)).toEqual([]);
      await first.stop();
      const again = await two.download(b.metainfo, { folder, peers });
      await again.completed;
      expect(readFileSync(join(folder, 'Album/cover.jpg')).equals(noise(...otherCover))).toBe(true);
    },
  );

  it.each(['v1', 'hybrid', 'v2'] as const)(
    'that share only an identical cover both complete, and nothing is left beside their files (%s)',
    async (format) => {
      const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover }, format);
      const b = await torrentOf('Album', { '2.flac': [80_000, 2], 'cover.jpg': cover }, format);
      const folder = temporaryFolder();
      const one = await client();
      const waits: (ClaimWait | undefined)[] = [];
      const first = await one.download(a.metainfo, { folder });
      const peers = await seedOf(a, b);
      const second = await one.download(b.metainfo, { folder, peers, onWait: (wait) => waits.push(wait) });
      expect(waits).toMatchObject([{ path: join(folder, 'Album/cover.jpg'), files: 1 }]);
      // Everything but the cover comes at once.
      await expect.poll(() => existsSync(join(folder, 'Album/2.flac')), patient).toBe(true);
      expect(second.status().complete).toBe(false);
      expect(existsSync(join(folder, 'Album/cover.jpg'))).toBe(false);
      // The first is stopped before it has the cover: the second goes on alone.
      await first.stop();
      await second.completed;
      expect(second.status()).toMatchObject({ complete: true });
      expect(waits).toHaveLength(2);
      const third = await one.download(a.metainfo, { folder, peers });
      await third.completed;
      for (const each of [second, third]) await each.remove();
      expect(namesIn(folder)).toEqual(['Album', 'Album/1.flac', 'Album/2.flac', 'Album/cover.jpg']);
      for (const [name, bytes, seed] of [
        ['1.flac', 90_000, 1],
        ['2.flac', 80_000, 2],
        ['cover.jpg', ...cover],
      ] as const) {
        expect(readFileSync(join(folder, 'Album', name)).equals(noise(bytes, seed)), name).toBe(true);
      }
    },
  );

  it('what the first has finished the second adopts while the first goes on', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover }, 'hybrid');
    const b = await torrentOf('Album', { '2.flac': [80_000, 2], 'cover.jpg': cover }, 'hybrid');
    const folder = temporaryFolder();
    const one = await client();
    // The first has the cover already, and has no peer for the rest.
    mkdirSync(join(folder, 'Album'));
    writeFileSync(join(folder, 'Album/cover.jpg'), noise(...cover));
    const first = await one.download(a.metainfo, { folder });
    const second = await one.download(b.metainfo, { folder, peers: await seedOf(b) });
    await second.completed;
    expect(first.status().complete).toBe(false);
    expect(second.status().downloaded).toBeLessThan(100_000);
  });

  it('what came of the first in the end differs: the second ends with an error and has overwritten nothing', async () => {
    // v1 lays the covers out otherwise: that they differ is seen only when one of them is there.
    const a = await torrentOf('Album', { '1.flac': [10, 1], 'cover.jpg': cover });
    const b = await torrentOf('Album', { '1b.flac': [20, 2], 'cover.jpg': otherCover });
    const folder = temporaryFolder();
    const one = await client();
    const peers = await seedOf(a, b);
    const waits: unknown[] = [];
    const first = await one.download(a.metainfo, { folder });
    const second = await one.download(b.metainfo, { folder, peers, onWait: (wait) => waits.push(wait) });
    const outcome = second.completed.catch((error: Error) => error);
    expect(waits).toHaveLength(1);
    // A cover comes there, and it is the other one.
    mkdirSync(join(folder, 'Album'), { recursive: true });
    if (!existsSync(join(folder, 'Album/cover.jpg')))
      writeFileSync(join(folder, 'Album/cover.jpg'), noise(...cover));
    await first.stop();
    expect(await outcome).toMatchObject({ code: 'exists' });
    expect(readFileSync(join(folder, 'Album/cover.jpg')).equals(noise(...cover))).toBe(true);
  });

  it('a file that one does not want and the other fetches is left to the other', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], '2.flac': [90_000, 2] });
    const b = await torrentOf('Album', { '2.flac': [90_000, 3], '3.flac': [90_000, 4] });
    const folder = temporaryFolder();
    const one = await client();
    // The first has begun the song that the second has another one of.
    mkdirSync(join(folder, 'Album'));
    const begun = noise(90_000, 2).subarray(0, 40_000);
    writeFileSync(join(folder, 'Album/2.flac.part'), begun);
    await one.download(a.metainfo, { folder });
    const second = await one.download(b.metainfo, {
      ...{ folder, peers: await seedOf(b) },
      select: ({ components }) => basename(components[0]!) === '3.flac',
    });
    await second.completed;
    expect(readFileSync(join(folder, 'Album/2.flac.part')).equals(begun)).toBe(true);
    expect(readFileSync(join(folder, 'Album/3.flac')).equals(noise(90_000, 4))).toBe(true);
    expect(() => second.select(() => true)).toThrow(
      expect.objectContaining({ code: 'claimed', path: join(folder, 'Album/2.flac') }),
    );
    expect(second.status().complete).toBe(true);
  });

  it('a file that appeared since the start is refused when it is chosen', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], '2.flac': [90_000, 2] });
    const folder = temporaryFolder();
    const one = await client();
    const select = ({ index }: { readonly index: number }) => index === 0;
    const first = await one.download(a.metainfo, { folder, peers: await seedOf(a), select });
    await first.completed;
    writeFileSync(join(folder, 'Album/2.flac'), 'mine');
    expect(() => first.select(() => true)).toThrow(expect.objectContaining({ code: 'exists' }));
    expect(readFileSync(join(folder, 'Album/2.flac'), 'utf8')).toBe('mine');
  });
});

describe('a download that was complete and has lost a file', () => {
  const scene = async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1] });
    const b = await torrentOf('Album', { '1.flac': [90_000, 2] });
    const register = new ClaimRegister({ bases: [temporaryFolder()], userId: process.getuid?.() });
    const watch = { closing: new AbortController().signal };
    const folder = temporaryFolder();
    const claim = ({ metainfo }: MadeTorrent) =>
      claimDownload(register, { metainfo, folder }, () => true, watch);
    const failures: Error[] = [];
    const wake = (woken: DownloadClaim) => woken.wake((error) => failures.push(error));
    return { a, b, claim, failures, wake };
  };

  it('has its paths again before it fetches anything', async () => {
    const { a, b, claim, failures, wake } = await scene();
    const first = await claim(a);
    first.rest(true);
    wake(first);
    expect(failures).toEqual([]);
    await expect(claim(b)).rejects.toMatchObject({ code: 'claimed' });
    first.release();
    (await claim(b)).release();
  });

  it('ends when another torrent has them by now', async () => {
    const { a, b, claim, failures, wake } = await scene();
    const first = await claim(a);
    first.rest(true);
    const second = await claim(b);
    wake(first);
    expect(failures).toMatchObject([{ code: 'claimed' }]);
    for (const each of [first, second]) each.release();
  });
});

describe('one that waits', () => {
  const scene = async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover }, 'hybrid');
    const b = await torrentOf('Album', { 'cover.jpg': cover }, 'hybrid');
    const folder = temporaryFolder();
    const first = await (await client()).download(a.metainfo, { folder });
    return { b, folder, first };
  };

  it('ends with its signal, at once, and can be asked for again', async () => {
    const { b, folder, first } = await scene();
    const two = await client();
    const stop = new AbortController();
    const onWait = () => stop.abort(new Error('Ctrl-C'));
    await expect(two.download(b.metainfo, { folder, signal: stop.signal, onWait })).rejects.toThrow('Ctrl-C');
    await first.stop();
    await (await two.download(b.metainfo, { folder })).stop();
  });

  it('ends with its client', async () => {
    const { b, folder } = await scene();
    const two = await client();
    const begun = Promise.withResolvers<void>();
    const waiting = two.download(b.metainfo, { folder, onWait: () => begun.resolve() });
    waiting.catch(() => {});
    await begun.promise;
    await two.close();
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
  });

  it('and fetches the rest can be stopped and removed, and chooses anew', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover }, 'hybrid');
    const b = await torrentOf('Album', { '2.flac': [80_000, 2], '3.flac': [80_000, 3], 'cover.jpg': cover });
    const folder = temporaryFolder();
    const two = await client();
    const first = await (await client()).download(a.metainfo, { folder });
    const begin = () => two.download(b.metainfo, { folder, select: ({ index }) => index !== 1 });
    const second = await begin();
    expect(second.waitsFor).toMatchObject({ path: join(folder, 'Album/cover.jpg') });
    second.select(() => true);
    await second.stop();
    await expect(second.completed).rejects.toMatchObject({ code: 'stopped' });
    const again = await begin();
    await again.remove();
    const third = await begin();
    // Without the cover there is nothing to wait for.
    third.select(({ index }) => index === 0);
    await expect.poll(() => third.waitsFor, patient).toBeUndefined();
    await third.stop();
    await first.stop();
    expect(namesIn(folder).filter((name) => !name.startsWith('Album'))).toEqual([]);
  });

  it('is stopped with its client while it fetches the rest', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover }, 'hybrid');
    const b = await torrentOf('Album', { '2.flac': [80_000, 2], 'cover.jpg': cover }, 'hybrid');
    const folder = temporaryFolder();
    const two = await client();
    const first = await (await client()).download(a.metainfo, { folder });
    const second = await two.download(b.metainfo, { folder });
    await two.close();
    const holders = machineClaims.running().filter(({ path }) => path?.startsWith(folder));
    expect(holders).toHaveLength(1);
    await expect(second.completed).rejects.toMatchObject({ code: 'stopped' });
    // And it holds nothing any more.
    await (await (await client()).download(b.metainfo, { folder })).stop();
    await first.stop();
  });

  it('is not kept by one that has failed', async () => {
    const a = await torrentOf('Album', { '1.flac': [10, 1], 'cover.jpg': cover });
    const b = await torrentOf('Album', { '2.flac': [20, 2], 'cover.jpg': cover });
    const folder = temporaryFolder();
    const peers = await seedOf(a, b);
    const [slow, two] = [await client(20_000), await client()];
    const first = await slow.download(a.metainfo, { folder, peers });
    // Its own song is taken before it is there: nothing can come of it any more.
    mkdirSync(join(folder, 'Album'), { recursive: true });
    writeFileSync(join(folder, 'Album/1.flac'), 'other');
    const second = await two.download(b.metainfo, { folder, peers });
    await expect(first.completed).rejects.toMatchObject({
      code: 'exists',
      message: expect.not.stringMatching(/EEXIST|ENOENT/),
    });
    await second.completed;
  });
});

describe('seeds', () => {
  it('claim nothing, and neither does a download that is complete', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover });
    const folder = temporaryFolder();
    const peers = await seedOf(a);
    const mine = () => machineClaims.running().filter(({ path }) => path?.startsWith(folder));
    expect(mine()).toEqual([]);
    const first = await (await client()).download(a.metainfo, { folder });
    expect(mine()).toMatchObject([{ name: 'Album', path: join(folder, 'Album') }]);
    await first.stop();
    expect(mine()).toEqual([]);
    const again = await (await client()).download(a.metainfo, { folder, peers });
    await again.completed;
    expect(mine()).toEqual([]);
    // The same one again, by another client: all of it is there.
    const other = await (await client()).download(a.metainfo, { folder });
    await other.completed;
    expect(other.status()).toMatchObject({ complete: true, downloaded: 0 });
  });
});

describe('an upgrade', () => {
  it('is a writer of the files that it replaces: while it runs they are not adopted, and an adopted one is not replaced', async () => {
    const old = await torrentOf('Album', { '1.flac': [90_000, 1], '2.flac': [90_000, 2] }, 'v2');
    const next = await torrentOf('Album', { '1.flac': [90_000, 3], '2.flac': [90_000, 2] }, 'v2');
    const third = await torrentOf('Album', { '1.flac': [90_000, 1], '3.flac': [90_000, 4] }, 'v2');
    const folder = temporaryFolder();
    const [one, two] = [await client(), await client()];
    const peers = await seedOf(old, next);
    const before = await one.download(old.metainfo, { folder, peers });
    await before.completed;
    await before.stop();
    const upgradeFrom = { metainfo: old.metainfo, path: folder };
    // One that has adopted the old song: it is not taken from under it.
    const reader = await two.download(third.metainfo, { folder });
    const refused = { code: 'claimed', path: join(folder, 'Album/1.flac') };
    await expect(one.download(next.metainfo, { folder, upgradeFrom })).rejects.toMatchObject(refused);
    await reader.stop();
    const upgrade = await one.download(next.metainfo, { folder, upgradeFrom });
    await expect(two.download(third.metainfo, { folder })).rejects.toMatchObject(refused);
    await upgrade.stop();
    const again = await one.download(next.metainfo, { folder, upgradeFrom, peers });
    await again.completed;
    expect(readFileSync(join(folder, 'Album/1.flac')).equals(noise(90_000, 3))).toBe(true);
  });
});
