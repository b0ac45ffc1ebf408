import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeFolders } from '../../torrents/make-folders.ts';

function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-folders-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it('makes those above it too, and is content with what is there', () => {
  const folder = path.join(temporaryFolder(), 'a', 'b', 'c');
  makeFolders(folder, 0o700);
  makeFolders(folder, 0o700);
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
});

it('a file in the way is named', () => {
  const file = path.join(temporaryFolder(), 'file');
  fs.writeFileSync(file, '');
  expect(() => makeFolders(path.join(file, 'a', 'b'))).toThrow(/ENOTDIR.*file/);
});

it('a link that leads nowhere is no folder', () => {
  const link = path.join(temporaryFolder(), 'link');
  fs.symlinkSync('nowhere', link);
  expect(() => makeFolders(link)).toThrow(/EEXIST.*link/);
});

// There every new name is "no such file", though its parent is there: what is made again and again never comes.
it.runIf(fs.existsSync('/proc/self'))('ends where a folder cannot be made and the system says ENOENT', () => {
  expect(() => makeFolders('/proc/cicada/a/b')).toThrow(/(ENOENT|EACCES|EROFS).*\/proc\/cicada/);
});
