/**
 * Whole clients whose files are moved: what is downloaded again, what is announced, and when a download is
 * complete.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../client/engine/contract.ts';
import type { Client } from '../../../client/host/client.ts';
import { type ClientOptions, openClient } from '../../../client/host/open-client.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { startTracker } from '../../../tracker/server.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../../e2e/shared-folder.ts';

const MiB = 1024 * 1024;
let temporary: TemporaryFolder;
let source: string;
let metainfo: Metainfo;
let seeder: Client;
const opened: Client[] = [];

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient({ port: 0, host: '127.0.0.1', threads: 2, ...options });
  opened.push(client);
  return client;
}

beforeEach(async () => {
  temporary = new TemporaryFolder();
  source = temporary.in('source', 'Album');
  writeAlbum(source, 8 * MiB, 4);
  ({ metainfo } = await createTorrent(source, { pieceLength: 128 * 1024 }));
  seeder = await open();
  await seeder.seed(metainfo, { path: source, verify: false });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
  temporary[Symbol.dispose]();
});

const album = () => temporary.in('out', 'Album');
const peers = () => [{ host: '127.0.0.1', port: seeder.port }];

/** A download that calls `act` once, when this many bytes are stored. */
async function downloadWith(act: () => void, options: { atBytes: number; bps?: number }) {
  const reports: Report[] = [];
  const client = await open({ downloadBpsMax: options.bps ?? 16 * MiB, stateFolder: temporary.in('state') });
  let isDone = false;
  const active = await client.download(metainfo, {
    folder: temporary.in('out'),
    peers: peers(),
    onReport: (report) => {
      reports.push(report);
      if (isDone || report.type !== 'piece-stored' || active.status().haveBytes < options.atBytes) return;
      isDone = true;
      act();
    },
  });
  return { active, reports, client };
}
const lossesOf = (reports: readonly Report[]) => reports.filter(({ type }) => type === 'pieces-lost');

describe('a download', () => {
  it('a download whose folder is moved away downloads everything again, and completes over files in their places', async () => {
    const { active, reports } = await downloadWith(() => fs.renameSync(album(), `${album()} moved`), {
      atBytes: 3 * MiB,
    });
    await active.completed;
    expect(lossesOf(reports).length).toBeGreaterThan(0);
    expect(differenceOf(source, album())).toBeUndefined();
  });

  it('a download whose folder is moved with its last piece is complete only after downloading it again', async () => {
    const { active, reports } = await downloadWith(() => fs.renameSync(album(), `${album()} moved`), {
      atBytes: 8 * MiB,
      bps: 0,
    });
    await active.completed;
    expect(lossesOf(reports).length).toBeGreaterThan(0);
    expect(differenceOf(source, album())).toBeUndefined();
  });

  it('a download whose folder becomes a link ends and names it', async () => {
    const { active } = await downloadWith(
      () => {
        fs.renameSync(album(), `${album()} moved`);
        fs.mkdirSync(temporary.in('elsewhere'));
        fs.symlinkSync(temporary.in('elsewhere'), album());
      },
      { atBytes: 2 * MiB },
    );
    await expect(active.completed).rejects.toMatchObject({
      code: 'unsafe-link',
      message: expect.stringContaining(album()),
    });
    expect(fs.readdirSync(temporary.in('elsewhere'))).toEqual([]);
  });

  it('a download that has lost a file and is stopped does not claim it at the next start', async () => {
    const { active, client } = await downloadWith(
      () => fs.rmSync(path.join(album(), fs.readdirSync(album()).find((name) => name.includes('Track'))!)),
      { atBytes: 4 * MiB, bps: 8 * MiB },
    );
    while (active.status().haveBytes < 5 * MiB) await new Promise((resolve) => setTimeout(resolve, 10));
    await client.close();
    const again = await open({ stateFolder: temporary.in('state') });
    const second = await again.download(metainfo, { folder: temporary.in('out'), peers: peers() });
    await second.completed;
    expect(differenceOf(source, album())).toBeUndefined();
  });
});

describe('a seed', () => {
  it('a remembered seed is hashed again when a byte has changed behind an old mtime', async () => {
    const options = { stateFolder: temporary.in('seed-state') };
    const first = await open(options);
    await (await first.seed(metainfo, { path: source })).stop();
    const track = path.join(source, '01 Track.flac');
    const { atime, mtime } = fs.statSync(track);
    fs.writeFileSync(track, 'x', { flag: 'r+' });
    fs.utimesSync(track, atime, mtime);
    await expect(first.seed(metainfo, { path: source })).rejects.toMatchObject({
      code: 'data-mismatch',
      path: track,
    });
  });

  it('a seed whose folder is renamed is no seed for the tracker, and one again when it is back', async () => {
    const tracker = await startTracker({ host: '127.0.0.1', port: 0 });
    try {
      const announced = { ...metainfo, trackers: [[tracker.announceUrl]] };
      const client = await open();
      const types: string[] = [];
      const active = await client.seed(announced, {
        path: source,
        verify: false,
        onReport: ({ type }) => types.push(type),
      });
      const seeds = async () => {
        const hash = Buffer.from(metainfo.infoHash).toString('hex').replace(/../g, '%$&');
        const url = tracker.announceUrl.replace(/announce$/, `scrape?info_hash=${hash}`);
        return /8:completei(\d+)e/.exec(await (await fetch(url)).text())?.[1] ?? '0';
      };
      const until = async (isSo: () => boolean | Promise<boolean>) => {
        while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      await until(async () => (await seeds()) === '1');
      fs.renameSync(source, `${source} moved`);
      await until(() => types.includes('content-offline'));
      expect(active.status().offline).toBe(true);
      await until(async () => (await seeds()) === '0');
      fs.renameSync(`${source} moved`, source);
      await until(() => types.includes('content-online'));
      await until(async () => (await seeds()) === '1');
      expect(active.status().offline).toBe(false);
    } finally {
      await Promise.all(opened.splice(0).map((client) => client.close()));
      await tracker.close();
    }
  });
});
