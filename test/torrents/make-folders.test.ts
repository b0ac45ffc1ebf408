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

it('makeFolders makes the parent folders too, and accepts folders that exist', () => {
  const folder = path.join(temporaryFolder(), 'a', 'b', 'c');
  makeFolders(folder, 0o700);
  makeFolders(folder, 0o700);
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
});

it('an error names the file that is in the way', () => {
  const file = path.join(temporaryFolder(), 'file');
  fs.writeFileSync(file, '');
  expect(() => makeFolders(path.join(file, 'a', 'b'))).toThrow(/ENOTDIR.*file/);
});

it('a dangling symbolic link is refused as a folder', () => {
  const link = path.join(temporaryFolder(), 'link');
  fs.symlinkSync('nowhere', link);
  expect(() => makeFolders(link)).toThrow(/EEXIST.*link/);
});

// In /proc, a new name gives ENOENT although its parent exists. Retrying would loop endlessly.
it.runIf(fs.existsSync('/proc/self'))(
  'makeFolders ends with an error where the system answers ENOENT for every new name',
  () => {
    expect(() => makeFolders('/proc/cicada/a/b')).toThrow(/(ENOENT|EACCES|EROFS).*\/proc\/cicada/);
  },
);
