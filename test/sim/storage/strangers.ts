/**
 * Other programs that act on the files of a download: they delete, change, move and replace them, and put
 * files of their own in the way. A file of theirs must stay unchanged as long as they leave it alone.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Drive, Found } from '../world/file-system/drive.ts';
import type { Inode } from '../world/file-system/inode.ts';

/**
 * `disguise`: other bytes with the same size and mtime; `touch`: changes only the ctime; `recreate`: deletes
 * the file and creates another, which gets its inode number if nothing has the old one open; `copy`: the same
 * bytes in another file; `return`: moves a moved file back.
 */
export const deeds = [
  'delete',
  'change',
  'append',
  'shorten',
  'move',
  'replace',
  'put',
  'disguise',
  'touch',
  'recreate',
  'copy',
  'return',
] as const;
export type Deed = (typeof deeds)[number];

export class Strangers {
  /** Their actions so far, as text. */
  readonly done: string[] = [];
  readonly #drive: Drive;
  readonly random: Prng;
  /** The folder to which they move files. */
  readonly #elsewhere: Inode;
  readonly #own = new Map<Inode, Uint8Array>();
  /** Files that they put at the path of a part. */
  readonly #inParts = new Set<Inode>();
  /** Parts that they wrote into while the client did, until the client writes there again. */
  readonly #written = new Set<Inode>();
  readonly #covered = new Set<Inode>();
  /** Every file that they ever made. */
  readonly #made = new Set<Inode>();
  #moves = 0;
  readonly #moved = new Map<string, Found>();
  /**
   * Whether the client is writing into this file: a write of another program then lies between two of its
   * writes.
   */
  isWriting: (inode: Inode) => boolean = () => false;
  isOpen: (inode: Inode) => boolean = () => false;

  constructor(drive: Drive, random: Prng) {
    this.#drive = drive;
    this.random = random;
    this.#elsewhere = drive.create('folder', drive.nowNs);
    drive.rename([{ folder: drive.root, name: 'elsewhere', inode: this.#elsewhere }], drive.nowNs);
    drive.root.settle(drive.root.mark);
  }

  /** `isFinal`: the file has its final name, and counts as theirs after they write into it. */
  act(deed: Deed, at: string, isFinal: boolean): void {
    const place = this.#find(at);
    if (place === undefined) return;
    const { folder, name, inode } = place;
    if ((inode === undefined) !== (deed === 'put' || deed === 'return') || inode?.kind === 'folder') return;
    if (deed === 'return' && !this.#moved.has(at)) return;
    this.done.push(`${deed} ${at}`);
    switch (deed) {
      case 'delete':
        this.#set(folder, name, undefined);
        break;
      case 'move':
        this.moveAway(at);
        break;
      case 'return':
        this.moveBack(at);
        break;
      case 'put':
        this.#put(folder, name, this.#noise(1 + this.random.below(20_000)));
        break;
      case 'replace':
        this.#put(folder, name, this.#noise(inode!.looks.bytes));
        break;
      case 'copy':
        this.#put(folder, name, Uint8Array.from(inode!.bytes));
        // With a right piece in it, it is as good as the client's own.
        if (name.endsWith('.part')) this.yieldParts();
        break;
      case 'touch':
        inode!.touch(this.#drive.strangeNs);
        inode!.settle(inode!.mark);
        break;
      case 'recreate': {
        const { bytes } = inode!.looks;
        this.#set(folder, name, undefined);
        if (inode!.linkCount === 0 && !this.isOpen(inode!)) this.#drive.release(inode!);
        this.#put(folder, name, this.#noise(bytes));
        break;
      }
      default:
        this.#write(deed, inode!);
        if (this.isWriting(inode!)) this.#written.add(inode!);
        if (isFinal || inode!.linkCount > 1 || this.#own.has(inode!))
          this.#own.set(inode!, Uint8Array.from(inode!.bytes));
    }
    this.#settle(at);
  }

  /** Undefined when a folder of the path is gone. */
  #find(at: string): Found | undefined {
    try {
      return this.#drive.find(at, false);
    } catch {
      return undefined;
    }
  }

  /** Puts their action on the disk, with the folders of its path. */
  #settle(at: string): void {
    const names = at.split('/');
    for (let depth = 1; depth < names.length; depth++) {
      const inode = this.#find(names.slice(0, depth).join('/'))?.inode;
      if (inode?.kind === 'folder') inode.settle(inode.mark);
    }
  }

  /** Moves a file or a folder away. */
  moveAway(at: string): void {
    const { folder, name, inode } = this.#find(at) ?? {};
    if (folder === undefined || name === undefined || inode === undefined) return;
    const { strangeNs } = this.#drive;
    const moved = `${++this.#moves}`;
    this.#moved.set(at, { folder: this.#elsewhere, name: moved, inode });
    this.#drive.rename(
      [
        { folder: this.#elsewhere, name: moved, inode },
        { folder, name, inode: undefined },
      ],
      strangeNs,
    );
    this.#settle(at);
    this.#elsewhere.settle(this.#elsewhere.mark);
  }

  /** Moves a file back, unless another one has its path. */
  moveBack(at: string): void {
    const moved = this.#moved.get(at);
    const place = this.#find(at);
    if (moved === undefined || place === undefined || place.inode !== undefined) return;
    this.#moved.delete(at);
    this.#drive.rename(
      [
        { ...place, inode: moved.inode },
        { ...moved, inode: undefined },
      ],
      this.#drive.strangeNs,
    );
    this.#settle(at);
    this.#elsewhere.settle(this.#elsewhere.mark);
  }

  /** Describes a file of theirs that is gone or changed; undefined when all are unchanged. */
  get harmed(): string | undefined {
    for (const [inode, bytes] of this.#own) {
      if (inode.linkCount === 0) return `file ${inode.number} of others is gone`;
      if (Buffer.compare(inode.bytes, bytes) !== 0) return `file ${inode.number} of others was written into`;
    }
    return undefined;
  }

  /** From now on, files that they put at part paths count as the client's. */
  yieldParts(isYielded: (inode: Inode) => boolean = () => true): void {
    for (const inode of this.#inParts) {
      if (!isYielded(inode)) continue;
      this.#own.delete(inode);
      this.#inParts.delete(inode);
    }
  }

  /** The client has written into this file. */
  onWrite(inode: Inode): void {
    if (this.#written.delete(inode)) this.#covered.add(inode);
  }

  /**
   * Whether they wrote into it between two writes of the client. SECURITY.md says that this may go unnoticed.
   */
  isCovered(inode: Inode): boolean {
    return this.#covered.has(inode);
  }

  /** From now on a file of theirs is at this path. */
  ambush(at: string): void {
    const there = this.#find(at)?.inode;
    this.act(there === undefined ? 'put' : 'replace', at, true);
  }

  readonly isOrWasTheirs = (inode: Inode): boolean => this.#own.has(inode) || this.#made.has(inode);

  isTheirs(inode: Inode): boolean {
    return this.#own.has(inode);
  }

  #write(deed: 'change' | 'append' | 'shorten' | 'disguise', inode: Inode): void {
    const { bytes, mtimeNs } = inode.looks;
    const { strangeNs } = this.#drive;
    if (deed === 'shorten') inode.truncate(this.random.below(bytes + 1), strangeNs);
    else if (deed === 'append') inode.write(bytes, this.#noise(1 + this.random.below(100)), strangeNs);
    else if (bytes > 0) {
      const at = this.random.below(bytes);
      inode.write(at, this.#noise(1 + this.random.below(Math.min(2_000, bytes - at))), strangeNs);
      if (deed === 'disguise') inode.setTime(mtimeNs, strangeNs);
    }
    inode.settle(inode.mark);
  }

  #put(folder: Inode, name: string, bytes: Uint8Array): void {
    const { strangeNs } = this.#drive;
    const inode = this.#drive.create('file', strangeNs);
    inode.write(0, bytes, strangeNs);
    inode.settle(inode.mark);
    this.#set(folder, name, inode);
    this.#made.add(inode);
    if (name.endsWith('.part')) this.#inParts.add(inode);
    this.#own.set(inode, Uint8Array.from(inode.bytes));
  }

  #set(folder: Inode, name: string, inode: Inode | undefined): void {
    const before = folder.entries.get(name);
    // A power cut may have left a file both its part name and its final name. Left with the part name alone,
    // it is a download again.
    const isPartAgain = before !== undefined && !name.endsWith('.part') && !this.#made.has(before);
    if (before !== undefined && (before.linkCount <= 1 || isPartAgain)) this.#own.delete(before);
    this.#drive.rename([{ folder, name, inode }], this.#drive.strangeNs);
  }

  #noise(bytes: number): Uint8Array {
    return Uint8Array.from({ length: bytes }, () => 1 + this.random.below(255));
  }
}
