/** The file system of the machine, with Node's calls (interface: file-system.ts). */
import fs from 'node:fs';
import fsLater, { type FileHandle } from 'node:fs/promises';
import type { FileSystem, OpenMode } from './file-system.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
/** Windows has neither. */
const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants;
/** Opens a folder without read permission, only to name its entries. Node has no constant for it. */
const O_PATH = 0o10000000;

const flagsOf: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR | O_NOFOLLOW,
  make: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  folder: O_PATH | O_DIRECTORY,
  'folder-no-link': O_PATH | O_DIRECTORY | O_NOFOLLOW,
};

const big = { bigint: true } as const;

export const realFiles: FileSystem = {
  descriptorsArePaths: process.platform === 'linux' && fs.existsSync('/proc/self/fd'),
  later: {
    open: async (at, mode) => {
      return opened(await (mode === 'read' ? fsLater.open(at, 'r') : fsLater.open(at, 'w', 0o600)));
    },
    stat: (at) => fsLater.stat(at, big),
    lstat: (at) => fsLater.lstat(at, big),
    readText: (at) => fsLater.readFile(at, 'utf8'),
    readBytes: (at) => fsLater.readFile(at),
    readdir: (at) => fsLater.readdir(at),
    rename: (from, to) => fsLater.rename(from, to),
    remove: (at) => fsLater.rm(at, { force: true }),
    mayMakeIn: (folder) =>
      fsLater.access(folder, fs.constants.W_OK | fs.constants.X_OK).then(
        () => true,
        () => false,
      ),
    freeBytes: async (at) => {
      const { bavail, bsize, blocks } = await fsLater.statfs(at);
      // A disk of size zero does not report its space.
      return blocks === 0 ? undefined : bavail * bsize;
    },
  },

  open: (at, mode) => fs.openSync(at, flagsOf[mode], 0o666),
  close: (descriptor) => fs.closeSync(descriptor),
  read: (descriptor, target, offset, bytes, position) =>
    fs.readSync(descriptor, target, offset, bytes, position),
  write: (descriptor, source, offset, bytes, position) =>
    fs.writeSync(descriptor, source, offset, bytes, position),
  sync: (descriptor) => fs.fsyncSync(descriptor),
  readLater: (descriptor, target, position, done) =>
    fs.read(descriptor, target, 0, target.length, position, done),
  statOpen: (descriptor) => fs.fstatSync(descriptor, big),

  stat: (at) => fs.statSync(at, big),
  lstat: (at) => fs.lstatSync(at, big),
  lstatIfThere: (at) => fs.lstatSync(at, { bigint: true, throwIfNoEntry: false }),
  exists: (at) => fs.existsSync(at),
  isFolder: (at) => fs.statSync(at).isDirectory(),
  realPath: (at) => fs.realpathSync(at),

  link: (from, to) => fs.linkSync(from, to),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (at) => fs.rmSync(at, { force: true }),
  truncate: (at, bytes) => fs.truncateSync(at, bytes),
  mkdir: (at, mode) => fs.mkdirSync(at, mode),
  rmdir: (at) => fs.rmdirSync(at),
};

function opened(handle: FileHandle): Awaited<ReturnType<FileSystem['later']['open']>> {
  return {
    stat: () => handle.stat(big),
    read: (target, offset, bytes, position) => handle.read(target, offset, bytes, position),
    write: (content) => handle.writeFile(content),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}
