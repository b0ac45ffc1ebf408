/**
 * A simulated disk with one file system on it, over all lives of the programs that use it: a tree of inodes, names, and
 * the room that is left. What a power cut leaves of it is drawn.
 */
import { type Prng, shuffle } from '../../../../client/engine/prng.ts';
import { type CrashRules, Inode } from './inode.ts';
import { failed } from './system-error.ts';

export interface DriveOptions extends CrashRules {
  readonly device: bigint;
  /** Two changes within one tick of its clock look alike. */
  readonly tickMs: number;
}

/** Links followed on the way to one name: as Linux, fewer. */
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
  /** Inode numbers of files that are gone: the next file has the last of them. */
  #free: bigint[] = [];
  #calls = 0;
  #committed = 0;
  /** What others did at one and the same moment still looks different. */
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

  /** A time that no write of the program has. */
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

  /** One system call's changes of names: they are kept or lost as one. */
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

  /** Nothing names it and nothing has it open any more. */
  release(inode: Inode): void {
    // Where names reach the disk in any order, the file and the next one with its number could both come back.
    if (inode.linkCount === 0 && this.options.isJournalled) this.#free.push(inode.number);
  }

  /** `from`: where a relative way begins. Throws ENOENT, ENOTDIR or ELOOP. */
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

  /** What a power cut right now would certainly leave at this path. Links are not followed. */
  forcedAt(at: string): Inode | undefined {
    // Without a journal a name is on the disk when its own folder was forced there, and no earlier.
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

  /** Changes of names so far: an fsync that begins now forces them to the disk, too, where there is a journal. */
  get calls(): number {
    return this.#calls;
  }

  commit(calls: number): void {
    this.#committed = Math.max(this.#committed, calls);
  }

  /** No power cut will show what failed fsyncs have dropped so far. */
  mend(): void {
    this.#visit(this.#root, (inode) => inode.mend());
  }

  /** What is on the disk afterwards is all there is. */
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

  /** Has lost its last name, which a power cut may give back. */
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
