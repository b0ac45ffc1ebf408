/**
 * Downloads of one process whose paths overlap, with real seeds. Between processes:
 * test/e2e/two-torrents.test.ts.
 */
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
/** A busy machine may be slow. Normally each wait takes milliseconds. */
const patient = { timeout: 20_000 };

afterEach(async () => {
  for (const client of opened.splice(0)) await client.close();
});

async function client(downloadBpsMax = 0): Promise<Client> {
  const one = await openClient({ port: 0, host: '127.0.0.1', threads: 1, downloadBpsMax });
  opened.push(one);
  return one;
}

/** Seeds of these torrents, as peers. */
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
    'a second download with other bytes under one name is refused with both names, and writes nothing (%s)',
    async (format) => {
      const a = await torrentOf('Album', { 'cover.jpg': cover, '1.flac': [50_000, 1] }, format);
      const b = await torrentOf('Album', { 'cover.jpg': otherCover, '2.flac': [50_000, 2] }, format);
      const folder = temporaryFolder();
      const peers = await seedOf(a, b);
      const [one, two] = [await client(), await client()];
      // No peers yet: the claimed files do not exist.
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
    'two downloads that share only an identical cover both complete, and nothing is left beside their files (%s)',
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
      // The first is stopped before it has the cover: the second continues alone.
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

  it('a second download adopts what the first has completed while the first continues', async () => {
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

  it('a second download ends with an error when the first ends with other bytes, and has overwritten nothing', async () => {
    // v1 lays the covers out differently: the difference is seen only when one of them exists.
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
    // A cover arrives, and it is the other one.
    mkdirSync(join(folder, 'Album'), { recursive: true });
    if (!existsSync(join(folder, 'Album/cover.jpg')))
      writeFileSync(join(folder, 'Album/cover.jpg'), noise(...cover));
    await first.stop();
    expect(await outcome).toMatchObject({ code: 'exists' });
    expect(readFileSync(join(folder, 'Album/cover.jpg')).equals(noise(...cover))).toBe(true);
  });

  it('a file that one download does not want and the other does is left to the other', async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], '2.flac': [90_000, 2] });
    const b = await torrentOf('Album', { '2.flac': [90_000, 3], '3.flac': [90_000, 4] });
    const folder = temporaryFolder();
    const one = await client();
    // The first has begun a song of which the second has another version.
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

  it('a file that appeared since the start is refused when it is selected', async () => {
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

describe('a complete download that has lost a file', () => {
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

  it('a complete download that has lost a file claims its paths again before it downloads', async () => {
    const { a, b, claim, failures, wake } = await scene();
    const first = await claim(a);
    first.rest(true);
    wake(first);
    expect(failures).toEqual([]);
    await expect(claim(b)).rejects.toMatchObject({ code: 'claimed' });
    first.release();
    (await claim(b)).release();
  });

  it('a complete download that has lost a file ends when another torrent has claimed its paths', async () => {
    const { a, b, claim, failures, wake } = await scene();
    const first = await claim(a);
    first.rest(true);
    const second = await claim(b);
    wake(first);
    expect(failures).toMatchObject([{ code: 'claimed' }]);
    for (const each of [first, second]) each.release();
  });
});

describe('a download that waits for a shared file', () => {
  const scene = async () => {
    const a = await torrentOf('Album', { '1.flac': [90_000, 1], 'cover.jpg': cover }, 'hybrid');
    const b = await torrentOf('Album', { 'cover.jpg': cover }, 'hybrid');
    const folder = temporaryFolder();
    const first = await (await client()).download(a.metainfo, { folder });
    return { b, folder, first };
  };

  it('a waiting download ends at once with its signal, and can be started again', async () => {
    const { b, folder, first } = await scene();
    const two = await client();
    const stop = new AbortController();
    const onWait = () => stop.abort(new Error('Ctrl-C'));
    await expect(two.download(b.metainfo, { folder, signal: stop.signal, onWait })).rejects.toThrow('Ctrl-C');
    await first.stop();
    await (await two.download(b.metainfo, { folder })).stop();
  });

  it('a waiting download ends with its client', async () => {
    const { b, folder } = await scene();
    const two = await client();
    const begun = Promise.withResolvers<void>();
    const waiting = two.download(b.metainfo, { folder, onWait: () => begun.resolve() });
    waiting.catch(() => {});
    await begun.promise;
    await two.close();
    await expect(waiting).rejects.toMatchObject({ code: 'stopped' });
  });

  it('a waiting download that downloads its other files can be stopped, removed and given another selection', async () => {
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
    // Without the cover it has nothing to wait for.
    third.select(({ index }) => index === 0);
    await expect.poll(() => third.waitsFor, patient).toBeUndefined();
    await third.stop();
    await first.stop();
    expect(namesIn(folder).filter((name) => !name.startsWith('Album'))).toEqual([]);
  });

  it('a waiting download that downloads its other files stops with its client', async () => {
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
    // And it holds no claim any more.
    await (await (await client()).download(b.metainfo, { folder })).stop();
    await first.stop();
  });

  it('a waiting download continues when the download it waits for fails', async () => {
    const a = await torrentOf('Album', { '1.flac': [10, 1], 'cover.jpg': cover });
    const b = await torrentOf('Album', { '2.flac': [20, 2], 'cover.jpg': cover });
    const folder = temporaryFolder();
    const peers = await seedOf(a, b);
    const [slow, two] = [await client(20_000), await client()];
    const first = await slow.download(a.metainfo, { folder, peers });
    // Another file takes the name of its song: the first download fails.
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
  it('seeds and complete downloads hold no claims', async () => {
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
    // The same torrent again in another client: all of it is there.
    const other = await (await client()).download(a.metainfo, { folder });
    await other.completed;
    expect(other.status()).toMatchObject({ complete: true, downloaded: 0 });
  });
});

describe('an upgrade', () => {
  it('a running upgrade claims the files it replaces for writing: no download adopts them, and no adopted file is replaced', async () => {
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
    // The reader has adopted the old song: an upgrade must not replace it.
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
