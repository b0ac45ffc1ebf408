/** What a client remembers of its files between two runs, and when it hashes again. */
import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../../client/host/client.ts';
import { type ClientOptions, openClient } from '../../../client/host/open-client.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../../e2e/shared-folder.ts';

const MiB = 1024 * 1024;
let temporary: TemporaryFolder;
let album: string;
let metainfo: Metainfo;
let seeder: Client;
const open: Client[] = [];

async function client(options: ClientOptions = {}): Promise<Client> {
  const opened = await openClient({
    port: 0,
    host: '127.0.0.1',
    stateFolder: temporary.in('state'),
    ...options,
  });
  open.push(opened);
  return opened;
}

beforeEach(async () => {
  temporary = new TemporaryFolder();
  album = temporary.in('Album');
  writeAlbum(album, 6 * MiB, 4);
  ({ metainfo } = await createTorrent(album, { pieceLength: 256 * 1024 }));
  seeder = await client({ stateFolder: temporary.in('seeder') });
  await seeder.seed(metainfo, { path: album });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
  temporary[Symbol.dispose]();
});

/** One run of a download. Returns how much it had at its beginning and how much was hashed for that. */
async function run(options: { until?: number } = {}) {
  let hashed = 0;
  // Slow enough to be stopped halfway when a test needs that.
  const one = await client({ downloadBpsMax: options.until === undefined ? 0 : 12 * MiB });
  const folder = temporary.in('out');
  const peers = [{ host: '127.0.0.1', port: seeder.port }];
  const reached = Promise.withResolvers<void>();
  const active = await one.download(metainfo, {
    folder,
    peers,
    onCheck: ({ bytes }) => {
      hashed = Math.max(hashed, bytes);
    },
    onReport: ({ type }) => {
      if (type === 'piece-stored' && active.status().haveBytes >= (options.until ?? 0)) reached.resolve();
    },
  });
  const here = active.status().haveBytes;
  await (options.until === undefined ? active.completed : reached.promise);
  const { haveBytes, downloaded } = active.status();
  await one.close();
  return { here, hashed, haveBytes, downloaded };
}

const copy = () => join(temporary.in('out'), 'Album');
const recordFile = () => {
  const folder = temporary.in('state', 'resume');
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.json'))!);
};

describe('a download that resumes', () => {
  it('a download that resumes after a clean stop believes its record: nothing is hashed or downloaded twice', async () => {
    const first = await run({ until: 2 * MiB });
    const second = await run();
    expect(second.here).toBeGreaterThanOrEqual(first.haveBytes);
    expect(second.hashed).toBe(0);
    expect(first.downloaded + second.downloaded).toBeLessThan(6 * MiB + 2 * MiB);
    expect(differenceOf(album, copy())).toBeUndefined();
  });

  it('a download that resumes without a record hashes its files and downloads only the rest', async () => {
    const first = await run({ until: 2 * MiB });
    renameSync(temporary.in('state'), temporary.in('lost'));
    const second = await run();
    expect(second.here).toBeGreaterThanOrEqual(first.haveBytes);
    expect(second.hashed).toBeGreaterThan(0);
    expect(differenceOf(album, copy())).toBeUndefined();
  });

  it('a download that resumes with an unreadable or invalid record hashes its files and downloads only the rest', async () => {
    await run({ until: 2 * MiB });
    for (const nonsense of [
      '',
      'null',
      '{"version":1}',
      '{"version":99,"have":"","stamps":[],"clean":true}',
    ]) {
      writeFileSync(recordFile(), nonsense);
      const again = await run({ until: 2 * MiB });
      expect(again.here).toBeGreaterThanOrEqual(2 * MiB);
    }
  });

  it('a download that resumes after a kill believes its record and hashes the rest', async () => {
    const first = await run({ until: 2 * MiB });
    const record = JSON.parse(readFileSync(recordFile(), 'utf8'));
    writeFileSync(recordFile(), JSON.stringify({ ...record, clean: false }));
    const second = await run();
    expect(second.here).toBeGreaterThanOrEqual(first.haveBytes);
    expect(second.hashed).toBeGreaterThan(0);
  });

  it('a download that resumes hashes a changed file again, refuses it by name and leaves it alone', async () => {
    await run();
    const track = join(copy(), '01 Track.flac');
    const bytes = readFileSync(track);
    bytes[1000] = bytes[1000]! ^ 1;
    writeFileSync(track, bytes);
    await expect(run()).rejects.toMatchObject({ code: 'exists', path: track });
    expect(readFileSync(track).equals(bytes)).toBe(true);
  });
});

describe('one download', () => {
  it('a second client is refused the same download with the name of the program that has it', async () => {
    const folder = temporary.in('out');
    const [first, second] = [await client(), await client()];
    const active = await first.download(metainfo, { folder, peers: [] });
    await expect(second.download(metainfo, { folder, peers: [] })).rejects.toMatchObject({
      code: 'already-added',
      holder: { processId: process.pid },
    });
    await active.stop();
    await (await second.download(metainfo, { folder, peers: [] })).stop();
  });
});

describe('a share', () => {
  it('an unchanged share is not hashed again, and a changed one is', async () => {
    const hashedBy = async () => {
      let hashed = 0;
      const one = await client();
      const onCheck = ({ bytes }: { bytes: number }) => {
        hashed = Math.max(hashed, bytes);
      };
      await one.seed(metainfo, { path: album, onCheck });
      await one.close();
      return hashed;
    };
    expect(await hashedBy()).toBeGreaterThan(0);
    expect(await hashedBy()).toBe(0);
    const track = join(album, '01 Track.flac');
    const { atime, mtime } = statSync(track);
    utimesSync(track, atime, new Date(mtime.getTime() + 5_000));
    expect(await hashedBy()).toBeGreaterThan(0);
  });

  it('a share with a missing file is refused with its name', async () => {
    renameSync(join(album, '02 Track.flac'), temporary.in('elsewhere'));
    const one = await client();
    await expect(one.seed(metainfo, { path: album })).rejects.toMatchObject({
      code: 'not-found',
      path: join(album, '02 Track.flac'),
    });
  });
});

describe('rechecking a share', () => {
  const records = () => readdirSync(temporary.in('state', 'resume')).filter((name) => name.endsWith('.json'));
  const seedOnce = async (verify: true | 'anew') => {
    let hashed = 0;
    const onCheck = ({ bytes }: { bytes: number }) => {
      hashed = bytes;
    };
    const one = await client();
    await (await one.seed(metainfo, { path: album, verify, onCheck })).stop();
    return hashed;
  };

  it('a recheck hashes a remembered share', async () => {
    expect(await seedOnce(true)).toBeGreaterThan(0);
    expect(await seedOnce(true)).toBe(0);
    expect(await seedOnce('anew')).toBeGreaterThan(0);
  });

  it('a failed recheck forgets the share, unless its files are missing', async () => {
    await seedOnce(true);
    renameSync(album, `${album} unplugged`);
    await expect(seedOnce('anew')).rejects.toMatchObject({ code: 'verify-path-missing' });
    expect(records()).toHaveLength(1);
    renameSync(`${album} unplugged`, album);
    const track = join(album, '01 Track.flac');
    writeFileSync(track, readFileSync(track).fill(0, 1_000, 1_001));
    await expect(seedOnce('anew')).rejects.toMatchObject({ code: 'data-mismatch' });
    expect(records()).toEqual([]);
  });
});
