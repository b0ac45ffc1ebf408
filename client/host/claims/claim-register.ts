/**
 * Who may write which path: within this process, between this user's processes, and between users as far as their rights
 * permit. All paths of a torrent are had at once or none is.
 *
 * Two processes of one user take turns (the guard). Two users cannot: each writes down first what it asks for and then
 * looks at the others, so that of two that ask at once at least one sees the other and withdraws.
 *
 * Invariant: what was taken ends with the process. Where nothing can be written down, claims hold within the process
 * alone, `onUnguarded` is told, and downloads go on.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { type ClaimSet, type Met, mayMeet, meetings, type PathClaim, weightOf } from './claim.ts';
import { asQuestion, hasIt, packClaims, type ReadClaims, stateAt, unpackClaims } from './claim-bytes.ts';
import {
  type ClaimFile,
  type ClaimHolder,
  claimFilesIn,
  holderOf,
  isAlive,
  lifePath,
  readAll,
  readFront,
  removeDead,
} from './claim-files.ts';
import {
  type ClaimsPlace,
  hasRoom,
  machinePlace,
  openClaimsFolders,
  otherClaimsFolders,
  ownClaimsFolders,
} from './claims-folder.ts';
import { type FileLock, lockFile } from './file-lock.ts';
import { isFull, overwrite, removeQuietly, replaceFile, writeNew } from './small-files.ts';

export interface ClaimRequest {
  readonly claims: ClaimSet<PathClaim>;
  readonly about: Required<Pick<ClaimHolder, 'name' | 'infoHash' | 'path'>>;
  /** Other users may write there too: what they have claimed counts. The system's administrator always may. */
  readonly othersMayWrite: boolean;
  readonly onUnguarded?: ((error: unknown) => void) | undefined;
}

export interface Conflict extends Met {
  readonly holder: ClaimHolder;
  /** Another user asks for it at this moment: not even a refusal is certain yet. */
  readonly isAsking: boolean;
}

export interface HeldClaims {
  /** As take(), of other paths of the same torrent; what is held stays held when they cannot be had. */
  change(request: ClaimRequest): readonly Conflict[];
  release(): void;
}

/** As bytes: the claims of a hundred thousand files would take much more memory as objects. */
interface Held {
  readonly number: number;
  about: ClaimHolder;
  othersMayWrite: boolean;
  packed: Buffer;
}

interface Life {
  readonly folder: string;
  readonly name: string;
  readonly lock: FileLock;
  readonly inode: bigint;
  readonly timer: NodeJS.Timeout;
}

/** Others have it for milliseconds; a process with a hundred thousand files, on a busy machine, for a second. */
const guardWaitMs = 10_000;
/** Programs that tidy temporary folders remove files that were not touched for days. */
const touchEveryMs = 6 * 60 * 60 * 1000;

export class ClaimRegister {
  readonly #place: ClaimsPlace;
  readonly #held = new Set<Held>();
  #life: Life | undefined;
  #numbers = 0;

  constructor(place: ClaimsPlace) {
    this.#place = place;
  }

  /** What was asked for, held; or with whom it meets, the gravest first, and then nothing is. */
  take(request: ClaimRequest): HeldClaims | readonly Conflict[] {
    const held: Held = { number: ++this.#numbers, ...recordOf(request) };
    const conflicts = this.#change(held, request);
    if (conflicts.length > 0) return conflicts;
    return {
      change: (next) => (this.#held.has(held) ? this.#change(held, next) : []),
      release: () => void (this.#held.delete(held) && this.#forget(held)),
    };
  }

  /** The downloads of this user that run now, on this machine. */
  running(): ClaimHolder[] {
    try {
      // There is a place for them at all.
      openClaimsFolders(this.#place).next();
      const files = ownClaimsFolders(this.#place).flatMap((folder) => claimFilesIn(folder));
      return files.filter(isAlive).map(holderOf);
    } catch {
      return [...this.#held].map(({ about }) => about);
    }
  }

  #change(held: Held, request: ClaimRequest): readonly Conflict[] {
    const conflicts: Conflict[] = [];
    for (const other of this.#held) {
      if (other === held) continue;
      const holder = () => other.about;
      conflicts.push(...meet(request, (part) => unpackClaims(other.packed, part), holder));
    }
    const next = recordOf(request);
    try {
      if (conflicts.length === 0) conflicts.push(...this.#write({ number: held.number, ...next }, request));
    } catch (error) {
      request.onUnguarded?.(error);
    }
    if (conflicts.length === 0) this.#held.add(Object.assign(held, next));
    else if (!this.#held.has(held)) this.#forget(held);
    return conflicts.sort((a, b) => weightOf(a.meeting) - weightOf(b.meeting));
  }

  /** Where there is no room for them, they lie in the next place, and all the others with them. */
  #write(held: Held, request: ClaimRequest): readonly Conflict[] {
    const bytes = [...this.#held].reduce((sum, { packed }) => sum + packed.length, 0) + held.packed.length;
    const now = this.#life?.folder;
    let crowded: string | undefined;
    for (const folder of openClaimsFolders(this.#place, now)) {
      crowded = folder;
      if (!hasRoom(this.#place, folder, folder === now ? held.packed.length : bytes)) continue;
      try {
        return this.#writeIn(folder, held, request);
      } catch (error) {
        if (!isFull(error)) throw error;
      }
    }
    return this.#writeIn(crowded!, held, request);
  }

  #writeIn(folder: string, held: Held, request: ClaimRequest): readonly Conflict[] {
    const guard = lockFile(path.join(folder, 'guard'), 0o600, guardWaitMs);
    try {
      const life = this.#live(folder);
      const others = claimFilesIn(folder).filter((file) => file.life !== life.name);
      const conflicts = meetFiles(request, others);
      return conflicts.length > 0 ? conflicts : this.#publish(life, held, request);
    } finally {
      guard.release();
    }
  }

  /** Written down as a question first, while other users are asked. */
  #publish(life: Life, held: Held, request?: ClaimRequest): readonly Conflict[] {
    const at = (ending: string) => path.join(life.folder, `${life.name}-${held.number}.${ending}`);
    writeNew(at('about'), JSON.stringify(held.about), 0o600);
    const before = [...this.#held].find(({ number }) => number === held.number)?.packed;
    const write = (packed: Buffer) => replaceFile(at('tmp'), at('claims'), packed, 0o644);
    write(asQuestion(held.packed));
    const others = otherClaimsFolders(this.#place, life.folder)
      .filter(({ userId }) => held.othersMayWrite || userId === 0 || userId === this.#place.userId)
      .flatMap(({ folder, userId }) =>
        claimFilesIn(folder, userId === this.#place.userId ? undefined : userId),
      );
    const conflicts = request === undefined ? [] : meetFiles(request, others);
    if (conflicts.length === 0) overwrite(at('claims'), hasIt, stateAt);
    else if (before !== undefined) write(before);
    else fs.rmSync(at('claims'), { force: true });
    return conflicts;
  }

  /** Under the guard: until its lock is had, a new life looks like a dead one. */
  #live(folder: string): Life {
    const before = this.#life;
    if (before?.folder === folder) {
      const stat = fs.lstatSync(lifePath(folder, before.name), { bigint: true, throwIfNoEntry: false });
      if (stat?.ino === before.inode) return before;
      this.#end();
    }
    removeDead(folder);
    this.#tidyBeside(folder);
    const name = randomBytes(8).toString('hex');
    const lock = lockFile(lifePath(folder, name), 0o644, guardWaitMs);
    const inode = fs.lstatSync(lifePath(folder, name), { bigint: true }).ino;
    const timer = setInterval(() => this.#touch(), touchEveryMs).unref();
    const life = { folder, name, lock, inode, timer };
    // The folder was removed or tidied, or is full: what is held is written down again, before it goes from the other.
    try {
      for (const held of this.#held) this.#publish(life, held);
    } catch (error) {
      endLife(life, this.#held);
      throw error;
    }
    this.#end();
    this.#life = life;
    return life;
  }

  /** What dead processes have left in the place that is used rarely. */
  #tidyBeside(folder: string): void {
    for (const other of ownClaimsFolders(this.#place)) {
      if (other === folder) continue;
      try {
        const guard = lockFile(path.join(other, 'guard'), 0o600, 0);
        removeDead(other);
        guard.release();
      } catch {
        // Another process is at work there.
      }
    }
  }

  /** What was written down of it goes, and with the last one the life. */
  #forget({ number }: Held): void {
    const life = this.#life;
    if (life === undefined) return;
    removeFiles(life, number);
    if (this.#held.size === 0) this.#end();
  }

  #end(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    endLife(life, this.#held);
  }

  #touch(): void {
    const life = this.#life;
    if (life === undefined) return;
    const now = new Date();
    const numbers = [...this.#held].map(({ number }) => number);
    const own = numbers.flatMap((number) => [
      `${life.name}-${number}.claims`,
      `${life.name}-${number}.about`,
    ]);
    for (const name of ['', 'guard', `${life.name}.life`, ...own]) {
      try {
        fs.utimesSync(path.join(life.folder, name), now, now);
      } catch {}
    }
  }
}

/** Of this process: all clients in it share one, so that it knows its own downloads. */
export const machineClaims = new ClaimRegister(machinePlace);

function meetFiles(request: ClaimRequest, files: readonly ClaimFile[]): Conflict[] {
  return files.flatMap((file) => {
    const read = (part: 'all' | 'front') => (part === 'front' ? readFront(file) : readAll(file));
    return meet(
      request,
      read,
      () => holderOf(file),
      () => isAlive(file),
    );
  });
}

/** Most torrents lie elsewhere: of those no more is read than where. */
function meet(
  { claims }: ClaimRequest,
  read: (part: 'all' | 'front') => ReadClaims | undefined,
  holder: () => ClaimHolder,
  isHeld: () => boolean = () => true,
): Conflict[] {
  const front = read('front');
  if (front === undefined || !mayMeet(claims, front) || !isHeld()) return [];
  const theirs = read('all');
  const met = theirs === undefined ? [] : meetings(claims, theirs, isThere);
  if (theirs === undefined || met.length === 0) return [];
  const found = { isAsking: theirs.isAsking, holder: holder() };
  return met.map((each) => ({ ...each, ...found }));
}

/** The file has its name and its size: a download that comes now compares it, and writes nothing. */
function isThere({ kind, finalPlace, bytes }: PathClaim): boolean {
  if (kind !== 'file' && kind !== 'part') return false;
  try {
    const stat = fs.lstatSync(path.join(...finalPlace));
    return stat.isFile() && stat.size === bytes;
  } catch {
    return false;
  }
}

function recordOf({ about, claims, othersMayWrite }: ClaimRequest): Omit<Held, 'number'> {
  return { about: { ...about, processId: process.pid }, othersMayWrite, packed: packClaims(claims) };
}

function endLife(life: Life, held: Iterable<Held>): void {
  clearInterval(life.timer);
  for (const { number } of held) removeFiles(life, number);
  removeQuietly(lifePath(life.folder, life.name));
  life.lock.release();
}

function removeFiles({ folder, name }: Life, number: number): void {
  for (const ending of ['claims', 'tmp', 'about']) {
    removeQuietly(path.join(folder, `${name}-${number}.${ending}`));
  }
}
