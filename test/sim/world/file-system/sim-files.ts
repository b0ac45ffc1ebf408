/**
 * The file system for one life of a program: the production port (client/host/disk/file-system.ts) on a
 * simulated drive. Every call is a step: the power may be cut before it, and it may fail as a real one does.
 * After the program's end its calls have no effect.
 */
import type { Prng } from '../../../../client/engine/prng.ts';
import type { FileStats, FileSystem, OpenMode } from '../../../../client/host/disk/file-system.ts';
import type { Drive, Found } from './drive.ts';
import { type CallKind, type DriveTemper, failures } from './drive-temper.ts';
import type { Inode } from './inode.ts';
import { failed } from './system-error.ts';

export interface LifeOfFiles {
  readonly drive: Drive;
  readonly random: Prng;
  readonly temper: DriveTemper;
  /** Called before each step. Throws when the program has ended. */
  readonly onStep: (call: CallKind | 'close' | 'exists', at: string) => void;
  /** A file gets this name, by a link or a rename. */
  readonly onNamed?: (path: string, inode: Inode) => void;
  /** The program writes into this file. */
  readonly onWrite?: (path: string, inode: Inode) => void;
}

interface Opened {
  readonly inode: Inode;
  readonly path: string;
}

const descriptorPath = /^\/proc\/self\/fd\/(\d+)(.*)$/;

export class SimFiles implements Omit<FileSystem, 'later' | 'readLater'> {
  readonly descriptorsArePaths: boolean;
  readonly #life: LifeOfFiles;
  readonly #opened = new Map<number, Opened>();
  #nextDescriptor = 3;

  constructor(life: LifeOfFiles, descriptorsArePaths: boolean) {
    this.#life = life;
    this.descriptorsArePaths = descriptorsArePaths;
  }

  /** The paths of open files, one for each descriptor. */
  get openPaths(): readonly string[] {
    return [...this.#opened.values()].map(({ path }) => path);
  }

  isOpen(inode: Inode): boolean {
    for (const opened of this.#opened.values()) if (opened.inode === inode) return true;
    return false;
  }

  /** One call: the power may be cut before it, or it fails. */
  step(kind: CallKind, at: string): void {
    const { onStep, random, temper } = this.#life;
    onStep(kind, at);
    const ppm = temper.failPpm[kind] ?? 0;
    if (ppm > 0 && temper.failsAt(at) && random.below(1_000_000) < ppm) {
      const codes = failures[kind];
      throw failed(codes[random.below(codes.length)]!, at);
    }
  }

  stepSync(inode: Inode, path: string): void {
    try {
      this.step('sync', path);
    } catch (error) {
      if (this.#life.temper.dropsUnsynced && (error as NodeJS.ErrnoException).code === 'EIO') inode.drop();
      throw error;
    }
  }

  open(at: string, mode: OpenMode): number {
    this.step('open', at);
    if (this.#opened.size >= this.#life.temper.descriptorsMax) throw failed('EMFILE', at);
    return this.#keep(at, mode === 'make' ? this.#make(at) : this.#existing(at, mode));
  }

  /** Truncates a file for writing, or creates it. */
  replace(at: string): number {
    this.step('open', at);
    const found = this.#find(at, true);
    const { nowNs } = this.#life.drive;
    if (found.inode === undefined) return this.#keep(at, this.#create(found, nowNs));
    if (found.inode.kind === 'folder') throw failed('EISDIR', at);
    found.inode.truncate(0, nowNs);
    return this.#keep(at, found.inode);
  }

  close(descriptor: number): void {
    this.#life.onStep('close', this.#opened.get(descriptor)?.path ?? '');
    const { inode } = this.opened(descriptor);
    this.#opened.delete(descriptor);
    this.#forget(inode);
  }

  read(descriptor: number, target: Uint8Array, offset: number, bytes: number, position: number): number {
    const { inode, path } = this.opened(descriptor);
    this.step('read', path);
    return inode.read(target.subarray(offset, offset + bytes), position);
  }

  write(descriptor: number, source: Uint8Array, offset: number, bytes: number, position: number): number {
    const { inode, path } = this.opened(descriptor);
    try {
      this.step('write', path);
    } finally {
      // Also for a failed write: the client takes the file's new stamp for its own doing.
      this.#life.onWrite?.(path, inode);
    }
    const { drive } = this.#life;
    const growth = Math.max(0, position + bytes - inode.looks.bytes);
    const free = growth === 0 ? bytes : bytes - Math.max(0, growth - drive.freeBytes);
    const { random, temper } = this.#life;
    const isShort = temper.shortWritesPpm > 0 && free > 1 && random.below(1_000_000) < temper.shortWritesPpm;
    const room = isShort ? 1 + random.below(free) : free;
    if (room <= 0) throw failed('ENOSPC', path);
    inode.write(position, source.subarray(offset, offset + room), drive.nowNs);
    return room;
  }

  sync(descriptor: number): void {
    const { inode, path } = this.opened(descriptor);
    this.stepSync(inode, path);
    inode.settle(inode.mark);
    this.#life.drive.commit(this.#life.drive.calls);
  }

  statOpen(descriptor: number): FileStats {
    const { inode, path } = this.opened(descriptor);
    this.step('look', path);
    return this.#looks(inode);
  }

  stat(at: string): FileStats {
    this.step('look', at);
    return this.#looks(this.#there(at, true));
  }

  lstat(at: string): FileStats {
    this.step('look', at);
    return this.#looks(this.#there(at, false));
  }

  lstatIfThere(at: string): FileStats | undefined {
    this.step('look', at);
    const inode = this.#ifThere(at, false);
    return inode && this.#looks(inode);
  }

  exists(at: string): boolean {
    this.#life.onStep('exists', at);
    return this.#ifThere(at, true) !== undefined;
  }

  isFolder(at: string): boolean {
    return this.stat(at).isDirectory();
  }

  /** There are no links above the folders of simulated torrents. */
  realPath(at: string): string {
    this.step('look', at);
    this.#there(at, true);
    return at;
  }

  readdir(at: string): string[] {
    this.step('look', at);
    const inode = this.#there(at, true);
    if (inode.kind !== 'folder') throw failed('ENOTDIR', at);
    return [...inode.entries.keys()];
  }

  link(from: string, to: string): void {
    this.step('name', to);
    if (this.#life.temper.hasNoLinks) throw failed('EPERM', to);
    const inode = this.#there(from, false);
    const { folder, name, inode: taken } = this.#find(to, false);
    if (taken !== undefined) throw failed('EEXIST', to);
    const { drive } = this.#life;
    drive.rename([{ folder, name, inode }], drive.nowNs);
    this.#life.onNamed?.(to, inode);
  }

  rename(from: string, to: string): void {
    this.step('name', to);
    const source = this.#find(from, false);
    const target = this.#find(to, false);
    const { inode } = source;
    if (inode === undefined) throw failed('ENOENT', from);
    if (target.inode === inode) return;
    const { drive } = this.#life;
    drive.rename(
      [
        { ...target, inode },
        { ...source, inode: undefined },
      ],
      drive.nowNs,
    );
    if (target.inode !== undefined) this.#forget(target.inode);
    this.#life.onNamed?.(to, inode);
  }

  remove(at: string): void {
    this.step('name', at);
    const inode = this.#ifThere(at, false);
    if (inode === undefined) return;
    if (inode.kind === 'folder') throw failed('EISDIR', at);
    this.#unname(this.#find(at, false));
  }

  truncate(at: string, bytes: number): void {
    this.step('write', at);
    this.#there(at, true).truncate(bytes, this.#life.drive.nowNs);
  }

  mkdir(at: string): void {
    this.step('name', at);
    const { folder, name, inode } = this.#find(at, false);
    if (inode !== undefined) throw failed('EEXIST', at);
    const { drive } = this.#life;
    drive.rename([{ folder, name, inode: drive.create('folder', drive.nowNs) }], drive.nowNs);
  }

  rmdir(at: string): void {
    this.step('name', at);
    const found = this.#find(at, false);
    if (found.inode === undefined) throw failed('ENOENT', at);
    if (found.inode.entries.size > 0) throw failed('ENOTEMPTY', at);
    this.#unname(found);
  }

  /** The file of a descriptor. */
  opened(descriptor: number): Opened {
    const opened = this.#opened.get(descriptor);
    if (opened === undefined) throw failed('EBADF', `${descriptor}`);
    return opened;
  }

  get drive(): Drive {
    return this.#life.drive;
  }

  #keep(path: string, inode: Inode): number {
    const descriptor = this.#nextDescriptor++;
    this.#opened.set(descriptor, { inode, path });
    return descriptor;
  }

  #make(at: string): Inode {
    const found = this.#find(at, false);
    if (found.inode !== undefined) throw failed('EEXIST', at);
    return this.#create(found, this.#life.drive.nowNs);
  }

  #create({ folder, name }: Found, nowNs: bigint): Inode {
    const { drive } = this.#life;
    const inode = drive.create('file', nowNs);
    drive.rename([{ folder, name, inode }], nowNs);
    return inode;
  }

  #existing(at: string, mode: OpenMode): Inode {
    const follows = mode === 'read' || mode === 'folder';
    const inode = this.#there(at, follows);
    const wantsFolder = mode === 'folder' || mode === 'folder-no-link';
    if (wantsFolder && inode.kind !== 'folder') throw failed('ENOTDIR', at);
    if (inode.kind === 'link') throw failed('ELOOP', at);
    if (mode === 'write' && inode.kind === 'folder') throw failed('EISDIR', at);
    return inode;
  }

  #unname({ folder, name, inode }: Found): void {
    const { drive } = this.#life;
    drive.rename([{ folder, name, inode: undefined }], drive.nowNs);
    this.#forget(inode!);
  }

  /** A file without a name that is not open is gone, unless the power is cut first. */
  #forget(inode: Inode): void {
    if (inode.linkCount > 0) return;
    const { drive } = this.#life;
    drive.orphan(inode);
    if (!this.isOpen(inode)) drive.release(inode);
  }

  #there(at: string, follow: boolean): Inode {
    const { inode } = this.#find(at, follow);
    if (inode === undefined) throw failed('ENOENT', at);
    return inode;
  }

  #ifThere(at: string, follow: boolean): Inode | undefined {
    try {
      return this.#find(at, follow).inode;
    } catch {
      return undefined;
    }
  }

  #find(at: string, follow: boolean): Found {
    const [, descriptor, rest] = descriptorPath.exec(at) ?? [];
    const { drive } = this.#life;
    if (descriptor === undefined) return drive.find(at, follow);
    const { inode } = this.opened(Number(descriptor));
    return drive.find(rest!, follow, inode);
  }

  #looks(inode: Inode): FileStats {
    const { looks, kind, number, bornNs, linkCount } = inode;
    const size = BigInt(looks.bytes);
    return {
      size,
      blocks: (size + 511n) / 512n,
      mtimeNs: looks.mtimeNs,
      ctimeNs: looks.ctimeNs,
      birthtimeNs: bornNs,
      ino: number,
      dev: this.#life.drive.options.device,
      nlink: BigInt(linkCount),
      isFile: () => kind === 'file',
      isDirectory: () => kind === 'folder',
      isSymbolicLink: () => kind === 'link',
    };
  }
}
