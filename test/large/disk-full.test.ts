/**
 * A full disk pauses a download and reports the reason. The download resumes automatically when there is
 * space.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Children, cicada } from '../e2e/child.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';
import { large, MiB } from './large.ts';

const albumBytes = 96 * MiB;
const timeoutMs = 2 * 60_000;
const isRoot = process.getuid?.() === 0;

/** A file system in memory, whose size can be changed. It is unmounted when its block ends. */
class SmallDisk implements Disposable {
  readonly path: string;

  constructor(path: string, size: string) {
    mkdirSync(path, { recursive: true });
    this.path = path;
    mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path);
  }

  resize(size: string): void {
    mount('-o', `remount,size=${size}`, this.path);
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['-l', this.path]);
  }
}

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr}`);
}

large('a full disk', () => {
  it.skipIf(!isRoot)(
    'a download on a full disk pauses with the reason, and resumes when there is space',
    { timeout: timeoutMs },
    async () => {
      using temporary = new TemporaryFolder();
      using disk = new SmallDisk(temporary.in('small'), '40M');
      await using children = new Children();
      const album = temporary.in('Album');
      writeAlbum(album, albumBytes, 5);
      const torrent = temporary.in('album.torrent');
      await children.add(cicada(['create', album, '-l', '1MiB', '-o', torrent])).success();
      const seeder = children.add(cicada(['seed', torrent, album, '--port', '0', '--no-verify']));
      const { port } = await seeder.event('seeding');
      const state = { XDG_STATE_HOME: temporary.in('state') };
      const args = ['download', torrent, '-o', disk.path, '--port', '0', '--peer', `127.0.0.1:${port}`];
      const refused = children.add(cicada(args, [], state));
      expect(await refused.ended).toBe(9);
      expect(refused.lines.join('\n')).toMatch(/96 MiB are missing, and 40 MiB are free.*--no-space-check/);
      expect(existsSync(join(disk.path, 'Album'))).toBe(false);
      const download = children.add(cicada([...args, '--no-space-check'], [], state));
      const trouble = await download.event('disk-trouble');
      expect(JSON.stringify(trouble)).toContain('ENOSPC');
      const progress = await download.event('progress', ({ disk }) => disk !== null);
      expect(progress).toMatchObject({ disk: { code: 'ENOSPC' }, etaSeconds: null, downBps: 0 });
      expect(progress.waitingFor).toMatch(/the disk is full/);
      disk.resize('256M');
      await download.event('disk-recovered');
      await download.event('done');
      await download.success();
      expect(differenceOf(album, join(disk.path, 'Album'))).toBeUndefined();
    },
  );

  it.skipIf(!isRoot)('on a full disk, no partial torrent file is left and no tracker starts', async () => {
    using temporary = new TemporaryFolder();
    using disk = new SmallDisk(temporary.in('small'), '64K');
    await using children = new Children();
    const album = temporary.in('Album');
    writeAlbum(album, 32 * MiB, 5);
    const create = children.add(cicada(['create', album, '-l', '16KiB', '-o', join(disk.path, 'a.torrent')]));
    expect(await create.ended).toBe(9);
    expect(create.lines.join('')).toMatch(/create-disk-full.*make room/);
    expect(readdirSync(disk.path)).toEqual([]);
    const data = join(disk.path, 'data');
    const tracker = children.add(cicada(['tracker', '--listen', '127.0.0.1:0', '--data', data]));
    expect(await tracker.ended).toBe(9);
    expect(tracker.lines.join('')).toMatch(/disk-full.*disk of the tracker is full/);
    disk.resize('16M');
    const again = children.add(cicada(['tracker', '--listen', '127.0.0.1:0', '--data', data]));
    await again.event('listening');
  });
});
