import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorWords } from '../../../client/cli/error-words.ts';
import type { Client } from '../../../client/host/client.ts';
import { type DiskSpace, freeSpace, measureSpace } from '../../../client/host/disk/free-space.ts';
import { openClient } from '../../../client/host/open-client.ts';
import { prepareDownload } from '../../../client/host/preparing/download-folder.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { type Metainfo, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeInfo, encodeMetainfo } from '../../../torrents/metainfo/metainfo-encode.ts';
import { noise } from '../../torrents/folder-fixture.ts';

const pieceLength = 16 * 1024;
const hugeBytes = 4 * 1024 ** 4;
let root: string;
let metainfo: Metainfo;
let folder: string;
let client: Client | undefined;

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-space-'));
  const source = path.join(root, 'source', 'album');
  fs.mkdirSync(path.join(root, 'source'));
  fs.mkdirSync(source);
  fs.writeFileSync(path.join(source, 'a.flac'), noise(10 * pieceLength, 1));
  fs.writeFileSync(path.join(source, 'b.flac'), noise(4 * pieceLength, 2));
  ({ metainfo } = await createTorrent(source, { format: 'v1', pieceLength }));
  folder = path.join(root, 'download');
  fs.mkdirSync(folder);
});
afterEach(async () => {
  await client?.close();
  client = undefined;
  fs.rmSync(root, { recursive: true, force: true });
});

const measure = async (priorities?: Uint8Array) => {
  const prepared = await prepareDownload(metainfo, folder);
  return await measureSpace(metainfo, prepared, folder, priorities, () => 0);
};
const partOf = (name: string) => {
  fs.mkdirSync(path.join(folder, 'album'));
  return path.join(folder, 'album', `${name}.part`);
};
const songBytes = () => fs.readFileSync(path.join(root, 'source', 'album', 'a.flac'));

/** As large as a torrent may be; its pieces are never read. */
function hugeTorrent(): Metainfo {
  const large = 16 * 1024 * 1024;
  const bytes = hugeBytes;
  const pieceHashes = new Uint8Array((bytes / large) * 20);
  const files = [{ components: ['a.flac'], bytes, isPad: false, piecesRoot: undefined }];
  const info = {
    format: 'v1',
    name: 'huge',
    pieceLength: large,
    pieceHashes,
    files,
    private: false,
  } as const;
  return parseMetainfo(encodeMetainfo({ infoBytes: encodeInfo(info) }));
}

describe('required space', () => {
  it('an empty folder requires all bytes of the torrent, or of its wanted files', async () => {
    expect(await measure()).toMatchObject({ missingBytes: 14 * pieceLength });
    expect(await measure(new Uint8Array(14).fill(4, 10))).toMatchObject({ missingBytes: 4 * pieceLength });
  });

  it('a part requires no space for bytes it already occupies, right or wrong', async () => {
    const right = songBytes().subarray(0, pieceLength);
    fs.writeFileSync(partOf('a.flac'), Buffer.concat([right, noise(9 * pieceLength, 9)]));
    expect(await measure()).toMatchObject({ missingBytes: 4 * pieceLength });
  });

  it('a hole in a part that was written from its end requires space', async () => {
    const descriptor = fs.openSync(partOf('a.flac'), 'w');
    fs.writeSync(descriptor, songBytes(), 9 * pieceLength, pieceLength, 9 * pieceLength);
    fs.fsyncSync(descriptor);
    fs.closeSync(descriptor);
    const { missingBytes } = await measure();
    expect(missingBytes).toBeGreaterThanOrEqual(12 * pieceLength);
    expect(missingBytes).toBeLessThanOrEqual(14 * pieceLength);
  });
});

it('the free space is that of the place where a folder will be created', async () => {
  const { bavail, bsize } = fs.statfsSync(root);
  const { freeBytes, device } = await freeSpace(path.join(root, 'not', 'there', 'yet'));
  expect(Math.abs(freeBytes! - bavail * bsize)).toBeLessThan(1024 ** 3);
  expect(device).toBe(fs.statSync(root).dev);
});

const { bavail, bsize } = fs.statfsSync(os.tmpdir());
describe.skipIf(bavail * bsize >= hugeBytes)('a download that does not fit', () => {
  it('a download that does not fit is refused before a write, with both figures, unless the client is told to accept it', async () => {
    client = await openClient({ port: 0, host: '127.0.0.1', threads: 1 });
    const huge = hugeTorrent();
    const refused = await client.download(huge, { folder }).catch((error) => error);
    expect(refused).toMatchObject({ code: 'disk-full', space: { missingBytes: hugeBytes } });
    expect(refused.space.freeBytes).toBeLessThan(hugeBytes);
    expect(refused.message).toMatch(/ does not fit: .*iB are missing, and .*iB are free in \/[^,]*$/);
    expect(errorWords(refused)).toMatch(/Make room, .*--out.*--select-file.*--no-space-check/);
    expect(fs.readdirSync(folder)).toEqual([]);
    let found: DiskSpace | undefined;
    const onSpace = (space: DiskSpace) => {
      found = space;
    };
    const torrent = await client.download(huge, { folder, spaceCheck: false, onSpace });
    expect(found).toMatchObject({ missingBytes: hugeBytes, promisedBytes: 0 });
    // What it has yet to write is reserved on its disk.
    const second = await client.download(metainfo, { folder }).catch((error) => error);
    expect(second).toMatchObject({ code: 'disk-full', space: { promisedBytes: hugeBytes } });
    expect(second.message).toMatch(/iB of it for downloads under way$/);
    await torrent.stop();
    await (await client.download(metainfo, { folder })).stop();
  });
});
