/**
 * A simulated disk with one file system, over all lives of the programs that use it: a tree of inodes, names
 * and the free space. What a power cut leaves of it is drawn.
 */
import { type Prng, shuffle } from '../../../../client/engine/prng.ts';
import { type CrashRules, Inode } from './inode.ts';
import { failed } from './system-error.ts';

export interface DriveOptions extends CrashRules {
  readonly device: bigint;
  /** Two changes within one tick of its clock have the same time. */
  readonly tickMs: number;
}

/** The most links followed for one path; Linux allows more. */
const linksMax = 8;

export interface Found {
  readonly folder: Inode;
  readonly name: string;
  readonly inode: Inode | undefined;
}

export class Drive {
  readonly options: DriveOptions;
  /** May be changed at any time. */
  capacityBytes = Number.POSITIVE_INFINITY;
  readonly #nowMs: () => number;
  readonly #root: Inode;
  #numbers = 1n;
  /** Inode numbers of deleted files. The next file gets the last of them. */
  #free: bigint[] = [];
  #calls = 0;
  #committed = 0;
  /** Changes of other programs at the same moment have different times. */
  #strangeNs = 0n;

  constructor(options: DriveOptions, nowMs: () => number) {
    this.options = options;
    this.#nowMs = nowMs;
    this.#root = new Inode(this.#numbers++, 'folder', this.nowNs);
    this.#root.linkCount = 1;
  }

  get root(): Inode {
    return this.#root;
  }

  get nowNs(): bigint {
    const { tickMs } = this.options;
    return BigInt(1_000_000 + Math.floor(this.#nowMs() / tickMs) * tickMs) * 1_000_000n;
  }

  /** A time that no write of the client has. */
  get strangeNs(): bigint {
    this.#strangeNs += 1n;
    return this.nowNs + this.#strangeNs;
  }

  get freeBytes(): number {
    let used = 0;
    const seen = new Set<Inode>();
    this.#visit(this.#root, (inode) => {
      if (!seen.has(inode)) used += inode.looks.bytes;
      seen.add(inode);
    });
    return Math.max(0, this.capacityBytes - used);
  }

  create(kind: Inode['kind'], nowNs: bigint, target?: string): Inode {
    const number = this.#free.pop() ?? this.#numbers++;
    return new Inode(number, kind, nowNs, target);
  }

  /** The name changes of one system call: they are kept or lost together. */
  rename(
    changes: readonly { readonly folder: Inode; readonly name: string; readonly inode: Inode | undefined }[],
    nowNs: bigint,
  ): void {
    const call = ++this.#calls;
    const gone: Inode[] = [];
    for (const { folder, name, inode } of changes) {
      const before = folder.entries.get(name);
      if (inode !== undefined) inode.linkCount += 1;
      if (before !== undefined) {
        before.linkCount -= 1;
        gone.push(before);
      }
      folder.setName({ call, name, inode });
    }
    for (const { inode } of changes) inode?.touch(nowNs);
    for (const inode of gone) inode.touch(nowNs);
  }

  /** The inode has no name and is not open any more. */
  release(inode: Inode): void {
    // Where names reach the disk in any order, the file and the next one with its number could both come
    // back.
    if (inode.linkCount === 0 && this.options.isJournalled) this.#free.push(inode.number);
  }

  /** `from`: the start of a relative path. Throws ENOENT, ENOTDIR or ELOOP. */
  find(at: string, follow: boolean, from: Inode = this.#root, links = 0): Found {
    const names = at
      .split(/[\\/]/)
      .filter((name) => name !== '' && name !== '.' && !/^[A-Za-z]:$/.test(name));
    let folder = from;
    const last = names.pop();
    if (last === undefined) return { folder: from, name: '.', inode: from };
    for (const name of names) {
      const next = this.#follow(folder, folder.entries.get(name), at, links);
      if (next === undefined) throw failed('ENOENT', at);
      if (next.kind !== 'folder') throw failed('ENOTDIR', at);
      folder = next;
    }
    const found = folder.entries.get(last);
    return { folder, name: last, inode: follow ? this.#follow(folder, found, at, links) : found };
  }

  /** The inode that a power cut now would certainly leave at this path. Links are not followed. */
  forcedAt(at: string): Inode | undefined {
    // Without a journal a name is on the disk only when its own folder was synced.
    const committed = this.options.isJournalled ? this.#committed : 0;
    let inode: Inode | undefined = this.#root;
    for (const name of at.split('/')) {
      if (name !== '' && inode !== undefined) inode = inode.forcedEntry(name, committed);
    }
    return inode;
  }

  #follow(folder: Inode, inode: Inode | undefined, at: string, links: number): Inode | undefined {
    if (inode?.kind !== 'link') return inode;
    if (links >= linksMax) throw failed('ELOOP', at);
    return this.find(inode.target, true, inode.target.startsWith('/') ? this.#root : folder, links + 1).inode;
  }

  /** Name changes so far: on a journalled drive, an fsync that begins now saves them as well. */
  get calls(): number {
    return this.#calls;
  }

  commit(calls: number): void {
    this.#committed = Math.max(this.#committed, calls);
  }

  /** Data dropped by failed fsyncs is on the disk after all. */
  mend(): void {
    this.#visit(this.#root, (inode) => inode.mend());
  }

  /** Only what is on the disk survives. */
  cutPower(random: Prng): void {
    const { isJournalled } = this.options;
    const last = Math.max(this.#committed, this.#calls - random.below(Math.min(this.#calls, 8) + 1));
    const fate = new Map<number, boolean>();
    const keeps = (call: number): boolean => {
      if (isJournalled) return call <= last;
      if (!fate.has(call)) fate.set(call, random.below(2) === 0);
      return fate.get(call)!;
    };
    const everything = new Set<Inode>();
    this.#visit(this.#root, (inode) => everything.add(inode));
    for (const inode of this.#orphans) everything.add(inode);
    this.#orphans.clear();
    for (const inode of everything) inode.lose(random, this.options, keeps);
    const alive = new Set<Inode>();
    this.#root.linkCount = 1;
    for (const inode of everything) if (inode !== this.#root) inode.linkCount = 0;
    const count = (folder: Inode): void => {
      for (const inode of folder.entries.values()) {
        inode.linkCount += 1;
        if (alive.has(inode)) continue;
        alive.add(inode);
        if (inode.kind === 'folder') count(inode);
      }
    };
    count(this.#root);
    this.#free = [...everything]
      .filter((inode) => inode !== this.#root && !alive.has(inode))
      .map(({ number }) => number);
    shuffle(this.#free, random);
  }

  /** The inode has lost its last name, which a power cut may bring back. */
  orphan(inode: Inode): void {
    this.#orphans.add(inode);
  }

  readonly #orphans = new Set<Inode>();

  #visit(folder: Inode, tell: (inode: Inode) => void): void {
    tell(folder);
    for (const inode of folder.entries.values()) {
      if (inode.kind === 'folder') this.#visit(inode, tell);
      else tell(inode);
    }
  }
}
