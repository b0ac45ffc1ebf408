/**
 * One file, folder or link of a simulated disk: what the system shows of it, and what of that is on the disk.
 * All changes since the last fsync are a list, of which a power cut keeps some.
 *
 * Invariant: synced data (`settle`) is never lost.
 */
import type { Prng } from '../../../../client/engine/prng.ts';

const sectorBytes = 512;

export interface Looks {
  readonly bytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** `bytes` undefined: only size and times changed. */
interface FileChange {
  readonly position: number;
  readonly bytes: Uint8Array | undefined;
  readonly after: Looks;
}

/** A name that appears or goes. The changes of one call are kept or lost together. */
export interface NameChange {
  readonly call: number;
  readonly name: string;
  readonly inode: Inode | undefined;
}

/** Which changes a power cut may keep. */
export interface CrashRules {
  /** Names change on the disk in the order of the calls; otherwise in any order. */
  readonly isJournalled: boolean;
  /** Size and times on the disk never run ahead of the bytes there; otherwise missing bytes are zeros. */
  readonly isOrdered: boolean;
}

export class Inode {
  readonly number: bigint;
  readonly kind: 'file' | 'folder' | 'link';
  readonly bornNs: bigint;
  /** The target of a link. */
  readonly target: string;
  looks: Looks;
  linkCount = 0;
  /** The entries of a folder. */
  readonly entries = new Map<string, Inode>();
  #content = Buffer.alloc(0);
  #durable = Buffer.alloc(0);
  #durableLooks: Looks;
  #hasDropped = false;
  #changes: FileChange[] = [];
  readonly #durableEntries = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];
  /** The number of synced changes. */
  #settled = 0;

  constructor(number: bigint, kind: Inode['kind'], nowNs: bigint, target = '') {
    this.number = number;
    this.kind = kind;
    this.bornNs = nowNs;
    this.target = target;
    this.looks = { bytes: 0, mtimeNs: nowNs, ctimeNs: nowNs };
    this.#durableLooks = this.looks;
  }

  /** Returns the number of bytes read. */
  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.looks.bytes - position));
    target.set(this.#content.subarray(position, position + count));
    return count;
  }

  get bytes(): Uint8Array {
    return this.#content.subarray(0, this.looks.bytes);
  }

  /** The bytes that no power cut can take. */
  get forcedBytes(): Uint8Array {
    return this.#durable.subarray(0, this.#durableLooks.bytes);
  }

  /** In a folder: the inode under this name on the disk, with all name changes up to this call. */
  forcedEntry(name: string, committed: number): Inode | undefined {
    let inode = this.#durableEntries.get(name);
    for (const change of this.#nameChanges) {
      if (change.name === name && change.call <= committed) inode = change.inode;
    }
    return inode;
  }

  write(position: number, bytes: Uint8Array, nowNs: bigint): void {
    const copy = Uint8Array.from(bytes);
    const size = Math.max(this.looks.bytes, position + copy.length);
    this.#content = grown(this.#content, size);
    this.#content.set(copy, position);
    this.#change(position, copy, { bytes: size, mtimeNs: nowNs, ctimeNs: nowNs });
  }

  truncate(bytes: number, nowNs: bigint): void {
    this.#content = grown(this.#content, bytes);
    this.#content.fill(0, bytes);
    this.#change(0, undefined, { bytes, mtimeNs: nowNs, ctimeNs: nowNs });
  }

  /** Its names or permissions have changed. */
  touch(nowNs: bigint): void {
    this.#change(0, undefined, { ...this.looks, ctimeNs: nowNs });
  }

  /** As `touch -r`: any mtime, and the present ctime. */
  setTime(mtimeNs: bigint, nowNs: bigint): void {
    this.#change(0, undefined, { ...this.looks, mtimeNs, ctimeNs: nowNs });
  }

  #change(position: number, bytes: Uint8Array | undefined, after: Looks): void {
    this.looks = after;
    this.#changes.push({ position, bytes, after });
  }

  /** In a folder: from now on the name has this inode, or none. */
  setName(change: NameChange): void {
    setEntry(this.entries, change);
    this.#nameChanges.push(change);
  }

  /** What an fsync that begins now will have synced at its end. */
  get mark(): number {
    return this.#settled + (this.kind === 'folder' ? this.#nameChanges.length : this.#changes.length);
  }

  /** An fsync that began at this mark ends. */
  settle(mark: number): void {
    const count = mark - this.#settled;
    if (count <= 0) return;
    this.#settled = mark;
    if (this.kind === 'folder') {
      for (const change of this.#nameChanges.splice(0, count)) setEntry(this.#durableEntries, change);
    } else {
      for (const change of this.#changes.splice(0, count)) this.#apply(change, [change.bytes?.length ?? 0]);
    }
  }

  /** An fsync has failed: its data counts as written and can still be read, until a power cut. */
  drop(): void {
    this.#changes = this.#changes.map((change) => ({ ...change, bytes: undefined }));
    this.#hasDropped = true;
  }

  /** Dropped data is on the disk after all. */
  mend(): void {
    if (!this.#hasDropped) return;
    this.#hasDropped = false;
    this.settle(this.mark);
    this.#durable = Buffer.from(this.bytes);
  }

  /** A power cut. `keeps`: whether a name change of this call is on the disk. */
  lose(random: Prng, rules: CrashRules, keeps: (call: number) => boolean): void {
    for (const change of this.#nameChanges) if (keeps(change.call)) setEntry(this.#durableEntries, change);
    this.#nameChanges = [];
    this.entries.clear();
    for (const [name, inode] of this.#durableEntries) this.entries.set(name, inode);
    if (this.kind === 'folder') {
      this.#changes = [];
      return;
    }
    const shown = random.below(this.#changes.length + 1);
    for (const [i, change] of this.#changes.entries()) {
      const isShown = i < shown;
      // A truncation that did not reach the disk took nothing.
      if (!isShown && change.bytes === undefined) continue;
      const before = this.#durableLooks;
      this.#apply(change, keptRuns(change, random, isShown && rules.isOrdered));
      if (!isShown) this.#durableLooks = before;
    }
    this.#changes = [];
    this.looks = this.#durableLooks;
    this.#durable = grown(this.#durable, this.looks.bytes);
    this.#durable.fill(0, this.looks.bytes);
    this.#content = Buffer.from(this.#durable.subarray(0, this.looks.bytes));
  }

  /** `runs`: lengths, alternately of written and unwritten bytes. */
  #apply({ position, bytes, after }: FileChange, runs: readonly number[]): void {
    this.#durable = grown(this.#durable, Math.max(after.bytes, position + (bytes?.length ?? 0)));
    let at = 0;
    for (const [i, run] of runs.entries()) {
      if (i % 2 === 0 && bytes !== undefined) {
        this.#durable.set(bytes.subarray(at, at + run), position + at);
      }
      at += run;
    }
    if (after.bytes < this.#durableLooks.bytes) this.#durable.fill(0, after.bytes);
    this.#durableLooks = after;
  }
}

/** All of it, nothing, a beginning, or some sectors. */
function keptRuns({ bytes }: FileChange, random: Prng, isWhole: boolean): number[] {
  const length = bytes?.length ?? 0;
  if (isWhole || length === 0) return [length];
  const fate = random.below(4);
  if (fate < 2) return [fate === 0 ? length : 0];
  if (fate === 2) return [Math.min(length, sectorBytes * random.below(Math.ceil(length / sectorBytes) + 1))];
  const runs: number[] = [];
  for (let at = 0; at < length; at += sectorBytes * 2) {
    const some = random.below(2) * sectorBytes;
    runs.push(some, sectorBytes * 2 - some);
  }
  return runs;
}

function setEntry(entries: Map<string, Inode>, { name, inode }: NameChange): void {
  if (inode === undefined) entries.delete(name);
  else entries.set(name, inode);
}

function grown(buffer: Buffer<ArrayBuffer>, bytes: number): Buffer<ArrayBuffer> {
  if (buffer.length >= bytes) return buffer;
  const larger = Buffer.alloc(Math.max(bytes, buffer.length * 2));
  larger.set(buffer);
  return larger;
}
