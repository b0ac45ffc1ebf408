import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writePrivate } from '../../client/account/private-file.ts';
import { writeTorrentFile } from '../../torrents/create/create.ts';
import { placeNew, writeWhole, writeWholeSync } from '../../torrents/whole-file.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-whole-'));
let count = 0;
let folder: string;
beforeEach(() => {
  folder = path.join(root, String(count++));
  fs.mkdirSync(folder);
});
afterAll(() => fs.rmSync(root, { recursive: true }));

const content = Buffer.from('whole');
const writers: Record<string, (file: string) => unknown> = {
  writeWhole: (file) => writeWhole(file, content),
  'writeWhole of a new file': (file) => writeWhole(file, content, { replace: false, forcesName: true }),
  'writeWhole piece by piece': (file) => writeWhole(file, (handle) => handle.appendFile(content)),
  writeWholeSync: (file) => writeWholeSync(file, content),
  'writeWholeSync of a new file': (file) =>
    writeWholeSync(file, content, { replace: false, forcesName: true }),
  writeTorrentFile: (file) => writeTorrentFile(file, content),
  writePrivate: (file) => writePrivate(file, 'whole', { replace: true }),
};

describe.each(Object.entries(writers))('%s', (_, write) => {
  it.each([
    ['255 letters', 'a'.repeat(255)],
    ['85 Chinese characters', '歌'.repeat(85)],
    ['63 pairs of surrogates and three dots', `${'🎵'.repeat(63)}...`],
    ['127 accents and an ending', `${'é'.repeat(123)}x.torrent`],
    ['one letter', 'a'],
  ])('a file whose name has %s is written, with no other file left beside it', async (_, name) => {
    const file = path.join(folder, name);
    await write(file);
    expect(fs.readdirSync(folder)).toEqual([name]);
    expect(fs.readFileSync(file)).toEqual(content);
  });

  it('a failed write to a name that a folder has leaves nothing behind', async () => {
    const file = path.join(folder, 'taken');
    fs.mkdirSync(file);
    await expect(async () => write(file)).rejects.toThrow();
    expect(fs.readdirSync(folder)).toEqual(['taken']);
  });
});

describe('a file that is written whole', () => {
  it('until it is complete, a file has a hidden name that is no longer than its own', async () => {
    for (const name of ['x.torrent', 'Album.torrent', `${'歌'.repeat(80)}.torrent`, 'z'.repeat(255)]) {
      const names = await writeWhole(path.join(folder, name), async () => fs.readdirSync(folder));
      const hidden = names!.filter((other) => other.startsWith('.'));
      expect(hidden).toHaveLength(1);
      expect(Buffer.byteLength(hidden[0]!)).toBeLessThanOrEqual(Buffer.byteLength(name));
    }
  });

  it('a failed write reports the first error, even if the temporary file cannot be removed', async () => {
    const written = writeWhole(path.join(folder, 'a.torrent'), async () => {
      const [name] = fs.readdirSync(folder);
      fs.rmSync(path.join(folder, name!));
      fs.mkdirSync(path.join(folder, name!, 'not empty'), { recursive: true });
      throw new Error('the first');
    });
    await expect(written).rejects.toThrow('the first');
  });

  it('a write that fails in the middle leaves no new file, and the old file stays', async () => {
    const file = path.join(folder, 'kept');
    fs.writeFileSync(file, 'before');
    const written = writeWhole(file, async (handle) => {
      await handle.appendFile('half');
      throw new Error('no more');
    });
    await expect(written).rejects.toThrow('no more');
    expect(fs.readdirSync(folder)).toEqual(['kept']);
    expect(fs.readFileSync(file, 'utf8')).toBe('before');
  });

  it('an existing file is replaced only if this is allowed', async () => {
    const file = path.join(folder, 'mine');
    fs.writeFileSync(file, 'mine');
    await expect(writeWhole(file, content, { replace: false })).rejects.toMatchObject({ code: 'EEXIST' });
    expect(() => writeWholeSync(file, content, { replace: false })).toThrow(/EEXIST/);
    expect(fs.readFileSync(file, 'utf8')).toBe('mine');
    expect(fs.readdirSync(folder)).toEqual(['mine']);
    await writeWhole(file, content);
    expect(fs.readFileSync(file)).toEqual(content);
  });

  it('a fixed temporary name replaces the file that a killed program left there', async () => {
    const [file, temporary] = [path.join(folder, 'swarms'), path.join(folder, 'swarms.tmp')];
    fs.writeFileSync(temporary, 'half of an earlier one, and longer');
    await writeWhole(file, content, { temporary });
    expect(fs.readdirSync(folder)).toEqual(['swarms']);
    expect(fs.readFileSync(file)).toEqual(content);
  });

  it('a file has the requested permissions before it gets its name', async () => {
    const file = path.join(folder, 'secret');
    const modes = await writeWhole(file, async (handle) => (await handle.stat()).mode & 0o777, {
      mode: 0o600,
    });
    expect([modes, fs.statSync(file).mode & 0o777]).toEqual([0o600, 0o600]);
  });

  it('on file systems without hard links, a file gets its name only if the name is free', async () => {
    for (const code of ['EPERM', 'ENOTSUP', 'ENOSYS']) {
      const noLinks = () => Promise.reject(Object.assign(new Error(code), { code }));
      const [from, free, taken] = ['from', `free ${code}`, 'taken'].map((name) => path.join(folder, name));
      fs.writeFileSync(from!, 'new');
      fs.writeFileSync(taken!, 'mine');
      await expect(placeNew(from!, taken!, noLinks)).rejects.toMatchObject({ code: 'EEXIST' });
      expect(fs.readFileSync(taken!, 'utf8')).toBe('mine');
      await placeNew(from!, free!, noLinks);
      expect([fs.readFileSync(free!, 'utf8'), fs.existsSync(from!)]).toEqual(['new', false]);
    }
  });
});
