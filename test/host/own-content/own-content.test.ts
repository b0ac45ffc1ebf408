/** The files of a torrent that does not run are moved (all or none) or deleted. Files of others stay. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eraseContent } from '../../../client/host/own-content/erase-content.ts';
import { type MoveProgress, moveContent } from '../../../client/host/own-content/move-content.ts';
import { copyVerified } from '../../../client/host/own-content/verified-copy.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { noise } from '../../torrents/folder-fixture.ts';

let root: string;
let metainfo: Metainfo;
const at = (...names: string[]) => path.join(root, ...names);
const write = (name: string, content: string | Uint8Array) => {
  fs.mkdirSync(path.dirname(at(name)), { recursive: true });
  fs.writeFileSync(at(name), content);
};
/** Names of all files below, with their folders. */
const filesIn = (folder: string) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(path.relative(folder, entry.parentPath), entry.name))
    .sort();

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-own-'));
  write('home/Album/a.flac', noise(40_000, 1));
  write('home/Album/CD2/b.flac', noise(40_000, 2));
  ({ metainfo } = await createTorrent(at('home', 'Album'), { format: 'hybrid' }));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

describe('files that are moved', () => {
  it('moved files are the same files in the other folder, with their parts, and leave no empty folder behind', async () => {
    fs.renameSync(at('home/Album/a.flac'), at('home/Album/a.flac.part'));
    const { ino } = fs.statSync(at('home/Album/CD2/b.flac'));
    expect(await moveContent(metainfo, at('home'), at('new'))).toBe(at('new'));
    expect(filesIn(at('new'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac.part']);
    expect(fs.statSync(at('new/Album/CD2/b.flac')).ino).toBe(ino);
    expect(fs.readdirSync(at('home'))).toEqual([]);
  });

  it('a move leaves files of others in their folder', async () => {
    write('home/Album/mine.txt', 'mine');
    write('home/Album/CD2/b.flac.part', noise(50_000, 3));
    await moveContent(metainfo, at('home'), at('new'));
    expect(filesIn(at('home'))).toEqual(['Album/CD2/b.flac.part', 'Album/mine.txt']);
    expect(filesIn(at('new'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
  });

  it('a move leaves all files in place when another file has the place of one', async () => {
    write('new/Album/CD2/b.flac', 'another');
    await expect(moveContent(metainfo, at('home'), at('new'))).rejects.toMatchObject({
      ...{ code: 'exists', path: at('new/Album/CD2/b.flac') },
    });
    expect(filesIn(at('home'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
    expect(fs.readFileSync(at('new/Album/CD2/b.flac'), 'utf8')).toBe('another');
  });

  it('a move is undone when one of its folders cannot be created', async () => {
    write('new/Album/CD2', 'a file');
    await expect(moveContent(metainfo, at('home'), at('new'))).rejects.toMatchObject({
      code: 'folder-not-writable',
    });
    expect(filesIn(at('home'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
    expect(filesIn(at('new'))).toEqual(['Album/CD2']);
  });

  it('a move that was interrupted before is continued', async () => {
    fs.mkdirSync(at('new/Album'), { recursive: true });
    fs.renameSync(at('home/Album/a.flac'), at('new/Album/a.flac'));
    await moveContent(metainfo, at('home'), at('new'));
    expect(filesIn(at('new'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
    expect(filesIn(at('home'))).toEqual([]);
  });

  it('a file that an interrupted move has copied already is known by its bytes', async () => {
    fs.mkdirSync(at('new/Album'), { recursive: true });
    fs.copyFileSync(at('home/Album/a.flac'), at('new/Album/a.flac'));
    await moveContent(metainfo, at('home'), at('new'));
    expect(filesIn(at('new'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
    expect(filesIn(at('home'))).toEqual([]);
  });

  it('a different file of the same size and time is never taken for one that has arrived', async () => {
    write('new/Album/a.flac', noise(40_000, 9));
    const { atime, mtime } = fs.statSync(at('home/Album/a.flac'));
    fs.utimesSync(at('new/Album/a.flac'), atime, mtime);
    await expect(moveContent(metainfo, at('home'), at('new'))).rejects.toMatchObject({ code: 'exists' });
    expect(filesIn(at('home'))).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
    expect(fs.readFileSync(at('new/Album/a.flac'))).toEqual(Buffer.from(noise(40_000, 9)));
  });

  it.each([
    ['the folder', 'home', 'new'],
    ["a torrent's own folder in it", 'home/Album', 'new/Album'],
    ['a folder inside the torrent', 'home/Album/CD2', 'new/Album/CD2'],
  ])('a move into a link to %s that holds the files deletes none of them', async (_, real, linked) => {
    fs.mkdirSync(path.dirname(at(linked)), { recursive: true });
    fs.symlinkSync(at(real), at(linked));
    await moveContent(metainfo, at('home'), at('new'));
    expect(fs.readFileSync(at('new/Album/a.flac'))).toEqual(Buffer.from(noise(40_000, 1)));
    expect(fs.readFileSync(at('new/Album/CD2/b.flac'))).toEqual(Buffer.from(noise(40_000, 2)));
  });

  it('a move reports its bytes up to all of them, and never goes back', async () => {
    const reports: MoveProgress[] = [];
    await moveContent(metainfo, at('home'), at('new'), { onProgress: (progress) => reports.push(progress) });
    expect(reports.at(-1)).toEqual({ done: 80_000, total: 80_000 });
    expect(reports.map(({ done }) => done)).toEqual(reports.map(({ done }) => done).sort((a, b) => a - b));
  });

  const shared = '/dev/shm';
  const isOther = fs.existsSync(shared) && fs.statSync(shared).dev !== fs.statSync(os.tmpdir()).dev;
  it.runIf(isOther)('files moved to another disk are copied byte for byte, then deleted here', async () => {
    const other = fs.mkdtempSync(path.join(shared, 'cicada-own-'));
    try {
      const before = fs.readFileSync(at('home/Album/a.flac'));
      const { mtimeMs } = fs.statSync(at('home/Album/a.flac'));
      await moveContent(metainfo, at('home'), other);
      expect(filesIn(other)).toEqual(['Album/CD2/b.flac', 'Album/a.flac']);
      expect(fs.readFileSync(path.join(other, 'Album/a.flac'))).toEqual(before);
      expect(Math.abs(fs.statSync(path.join(other, 'Album/a.flac')).mtimeMs - mtimeMs)).toBeLessThan(1);
      expect(fs.readdirSync(at('home'))).toEqual([]);
    } finally {
      fs.rmSync(other, { recursive: true });
    }
  });
});

describe('a copy to another disk', () => {
  it('a copy reports every byte, and leaves nothing behind that could be taken for the file', async () => {
    let bytes = 0;
    await copyVerified(at('home/Album/a.flac'), at('copy'), (count) => {
      bytes += count;
    });
    expect(bytes).toBe(40_000);
    expect(fs.readFileSync(at('copy'))).toEqual(fs.readFileSync(at('home/Album/a.flac')));
  });

  it('a copy that reads differently than it was written is refused', async () => {
    const harmed = copyVerified(at('home/Album/a.flac'), at('other'), () => {
      const file = fs.openSync(at('other'), 'r+');
      fs.writeSync(file, 'x', 10);
      fs.closeSync(file);
    });
    await expect(harmed).rejects.toMatchObject({ code: 'EIO' });
  });
});

describe('files that are deleted', () => {
  it('a deletion leaves files of another size, links and files of others', async () => {
    write('home/Album/mine.txt', 'mine');
    write('elsewhere.flac', noise(40_000, 2));
    fs.rmSync(at('home/Album/CD2/b.flac'));
    fs.symlinkSync(at('elsewhere.flac'), at('home/Album/CD2/b.flac'));
    await eraseContent(metainfo, at('home'));
    expect(filesIn(at('home'))).toEqual(['Album/CD2/b.flac', 'Album/mine.txt']);
    expect(fs.existsSync(at('elsewhere.flac'))).toBe(true);
  });

  it('a deletion removes folders that become empty, except the download folder', async () => {
    await eraseContent(metainfo, at('home'));
    expect(fs.readdirSync(at('home'))).toEqual([]);
  });

  it('a deletion does not follow a link that has replaced a folder', async () => {
    fs.renameSync(at('home/Album/CD2'), at('elsewhere'));
    fs.symlinkSync(at('elsewhere'), at('home/Album/CD2'));
    await eraseContent(metainfo, at('home'));
    expect(filesIn(at('elsewhere'))).toEqual(['b.flac']);
    fs.symlinkSync(at('elsewhere'), at('new home'));
    await eraseContent(metainfo, at('new home'));
    expect(filesIn(at('elsewhere'))).toEqual(['b.flac']);
  });

  it('a deletion accepts files that are already gone', async () => {
    fs.rmSync(at('home'), { recursive: true });
    await eraseContent(metainfo, at('home'));
    expect(fs.existsSync(at('home'))).toBe(false);
  });
});
