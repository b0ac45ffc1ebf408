/**
 * What this process has written into one claims folder (claim-files.ts): a locked life file, and two files
 * per torrent.
 *
 * Invariant: the files count as claims only while the life file is locked, so they end with the process. A
 * process that ends cleanly removes them first.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { asQuestion, hasIt, stateAt } from './claim-bytes.ts';
import { type ClaimHolder, lifePath } from './claim-files.ts';
import { type FileLock, lockFile } from './file-lock.ts';
import { overwrite, removeQuietly, replaceFile, writeNew } from './small-files.ts';

/** Another process holds the guard for milliseconds; with 100,000 files on a busy machine, for a second. */
const lockWaitMs = 10_000;
/** Cleaners of temporary folders remove files that were not touched for days. */
const touchEveryMs = 6 * 60 * 60 * 1000;

/** The folder's guard: its holder may change the files in the folder. */
export function lockGuard(folder: string, waitMs = lockWaitMs): FileLock {
  return lockFile(path.join(folder, 'guard'), 0o600, waitMs);
}

export class ClaimLife {
  readonly folder: string;
  readonly name = randomBytes(8).toString('hex');
  readonly #lock: FileLock;
  readonly #inode: bigint;
  readonly #timer: NodeJS.Timeout;
  /** The numbers of the torrents that have files here. */
  readonly #numbers = new Set<number>();

  /** Call it only under the guard: until its lock is held, a new life looks like that of an ended process. */
  constructor(folder: string) {
    this.folder = folder;
    this.#lock = lockFile(lifePath(folder, this.name), 0o644, lockWaitMs);
    this.#inode = fs.lstatSync(lifePath(folder, this.name), { bigint: true }).ino;
    this.#timer = setInterval(() => this.#touch(), touchEveryMs).unref();
  }

  /** False when the folder was removed or cleaned up: other processes can no longer see these claims. */
  isIntact(): boolean {
    const file = lifePath(this.folder, this.name);
    return fs.lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** Writes a claim in the state "asking": it counts against other users, and is not held yet. */
  ask(number: number, about: ClaimHolder, packed: Buffer): void {
    this.#numbers.add(number);
    writeNew(this.#at(number, 'about'), JSON.stringify(about), 0o600);
    this.#write(number, asQuestion(packed));
  }

  /** The request was not refused: the claim is held. */
  confirm(number: number): void {
    overwrite(this.#at(number, 'claims'), hasIt, stateAt);
  }

  /** The request was refused: writes the earlier claims again. */
  restore(number: number, packed: Buffer): void {
    this.#write(number, packed);
  }

  /** The request was refused, and nothing was held before it. */
  withdraw(number: number): void {
    fs.rmSync(this.#at(number, 'claims'), { force: true });
  }

  /** Removes the files of this torrent. */
  forget(number: number): void {
    this.#numbers.delete(number);
    for (const ending of ['claims', 'tmp', 'about'] as const) removeQuietly(this.#at(number, ending));
  }

  end(): void {
    clearInterval(this.#timer);
    for (const number of this.#numbers) this.forget(number);
    removeQuietly(lifePath(this.folder, this.name));
    this.#lock.release();
  }

  #write(number: number, packed: Buffer): void {
    replaceFile(this.#at(number, 'tmp'), this.#at(number, 'claims'), packed, 0o644);
  }

  #at(number: number, ending: 'about' | 'claims' | 'tmp'): string {
    return path.join(this.folder, `${this.name}-${number}.${ending}`);
  }

  #touch(): void {
    const now = new Date();
    const shared = ['', 'guard'].map((name) => path.join(this.folder, name));
    const own = [...this.#numbers].flatMap((number) => [
      this.#at(number, 'claims'),
      this.#at(number, 'about'),
    ]);
    for (const file of [...shared, lifePath(this.folder, this.name), ...own]) {
      try {
        fs.utimesSync(file, now, now);
      } catch {}
    }
  }
}
