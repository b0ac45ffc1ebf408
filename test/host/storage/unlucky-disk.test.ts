/**
 * Calls that fail while a file is created or renamed: nothing is lost, left open, or taken for another
 * program's file.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { lookNow } from '../../../client/host/content/content-look.ts';
import { Beneath } from '../../../client/host/disk/beneath.ts';
import type { FileSystem } from '../../../client/host/disk/file-system.ts';
import {
  type DiskFile,
  makePart,
  namePart,
  openKnown,
  stampOfOpen,
} from '../../../client/host/disk/part-file.ts';
import { realFiles } from '../../../client/host/disk/real-files.ts';
import { start } from '../../../client/host/disk/steps.ts';
import { syncFolder } from '../../../client/host/disk/sync-folder.ts';
import { prepareDownload } from '../../../client/host/preparing/download-folder.ts';
import { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import { verifyTorrent } from '../../../torrents/verify.ts';
import { drawAlbum } from '../../sim/storage/album.ts';
import { Drive } from '../../sim/world/file-system/drive.ts';
import { healthyDrive } from '../../sim/world/file-system/drive-temper.ts';
import { WholeSimFiles } from '../../sim/world/file-system/sim-files-later.ts';

const bytes = 4;

/** A part with all its bytes; `fail`: the calls that fail from now on. */
function bench() {
  const drive = new Drive({ device: 1n, tickMs: 1, isJournalled: true, isOrdered: true }, () => 0);
  const calls: string[] = [];
  const failing = new Set<string>();
  const onStep = (call: string, at: string) => {
    calls.push(`${call} ${at.split('/').at(-1)}`);
    if (failing.has(`${call} ${at.split('/').at(-1)}`))
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const life = { drive, random: new Prng(1), temper: healthyDrive(), onStep };
  const fs: FileSystem & WholeSimFiles = new WholeSimFiles(life, true, (run) => run());
  fs.mkdir('/music');
  const beneath = new Beneath('/music', fs);
  const file: DiskFile = {
    finalPath: '/music/a.flac',
    partPath: '/music/a.flac.part',
    state: 'part',
    seen: undefined,
    lost: undefined,
  };
  const fill = () => {
    makePart(file, beneath);
    const descriptor = openKnown(fs, file);
    fs.write(descriptor, Buffer.from('song'), 0, bytes, 0);
    file.seen = stampOfOpen(fs, descriptor);
    fs.close(descriptor);
  };
  const name = () => namePart(file, bytes, beneath, { replaces: undefined, isChecked: false });
  return { drive, fs, beneath, file, fill, name, calls, failing };
}

describe('final names on a failing disk', () => {
  it('a file gets its final name only after it was synced', () => {
    const { fill, name, calls } = bench();
    fill();
    calls.length = 0;
    name();
    const forced = calls.indexOf('sync a.flac.part');
    expect(forced).toBeGreaterThanOrEqual(0);
    expect(forced).toBeLessThan(calls.indexOf('name a.flac'));
  });

  it('a file gets its final name only after its length was synced: bytes that another program appended are cut off before', () => {
    const { fill, file, fs, beneath, calls } = bench();
    fill();
    const descriptor = openKnown(fs, file);
    fs.write(descriptor, Buffer.from('theirs'), 0, 6, bytes);
    // It was hashed since, and had this stamp then.
    file.synced = file.seen = stampOfOpen(fs, descriptor);
    fs.close(descriptor);
    calls.length = 0;
    expect(namePart(file, bytes, beneath, { replaces: undefined, isChecked: true })).toBe('named');
    const [cut, forced, named] = ['write a.flac.part', 'sync a.flac.part', 'name a.flac'].map((call) =>
      calls.indexOf(call),
    );
    expect(cut).toBeGreaterThanOrEqual(0);
    expect(forced).toBeGreaterThan(cut!);
    expect(named).toBeGreaterThan(forced!);
  });

  it('a file gets its final name even if its part name cannot be removed, and is recognized as the client’s afterwards', () => {
    const { fill, name, file, fs, failing } = bench();
    fill();
    failing.add('name a.flac.part');
    expect(name()).toBe('named');
    expect(fs.exists('/music/a.flac.part')).toBe(true);
    failing.clear();
    file.state = 'part';
    expect(name()).toBe('named');
    expect(fs.exists('/music/a.flac.part')).toBe(false);
  });

  it('a file gets its final name even if it cannot be inspected right afterwards', () => {
    const { fill, name, file, failing } = bench();
    fill();
    failing.add('look a.flac');
    expect(name()).toBe('named');
    expect(file.state).toBe('final');
  });
});

describe('failing calls', () => {
  it('a new file that cannot be inspected is removed and closed', () => {
    const { file, beneath, fs, failing } = bench();
    failing.add('look a.flac.part');
    expect(() => makePart(file, beneath)).toThrow('EIO');
    failing.clear();
    expect(fs.openPaths).toEqual([]);
    makePart(file, beneath);
    expect(file.seen).toBeDefined();
  });

  it('a folder path that cannot be opened to its end leaves no folder open', () => {
    const { beneath, fs, failing } = bench();
    fs.mkdir('/music/album');
    failing.add('open album').add('look album');
    expect(() => beneath.within('/music/album', false, () => {})).toThrow();
    expect(fs.openPaths).toEqual([]);
  });

  it('a failing call says nothing about a file: only a missing file is gone', () => {
    const { file, fill, beneath, fs, failing } = bench();
    fill();
    const { layout, geometry } = drawAlbum(new Prng(1)).metainfo;
    const side = { place: file, path: '', positionOf: () => undefined };
    const files = new TorrentFiles(layout, geometry, [], { beneath, sideFile: () => side as never });
    failing.add('look a.flac.part');
    expect(lookNow({ file }, files)).toBe('unreachable');
    failing.clear();
    fs.remove('/music/a.flac.part');
    expect(lookNow({ file }, files)).toBe('misplaced');
  });
});

it('a folder is synced with the names in it', () => {
  const { drive, fs, fill } = bench();
  fill();
  start(syncFolder(fs, '/music'));
  start(syncFolder(fs, '/'));
  drive.cutPower(new Prng(1));
  expect(drive.find('/music/a.flac.part', false).inode).toBeDefined();
});

it('a file that cannot be inspected when a download begins is not taken for a missing one', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cicada-unlucky-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const song = join(root, 'song.flac');
  writeFileSync(song, 'la la la');
  const { metainfo } = await createTorrent(song, { format: 'v1', pieceLength: 16 * 1024 });
  let looks = 0;
  const lstat = async (at: string) => {
    if (at === song && ++looks === 2) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    return await realFiles.later.lstat(at);
  };
  const later = Object.create(realFiles.later, { lstat: { value: lstat } });
  const fs = Object.create(realFiles, { later: { value: later } });
  const begin = () => prepareDownload(metainfo, root, { ground: { fs, verify: verifyTorrent } });
  await expect(begin()).rejects.toMatchObject({ code: 'unreadable', path: song });
  expect((await begin()).files.files[0]).toMatchObject({ state: 'foreign', seen: { bytes: 8 } });
});
