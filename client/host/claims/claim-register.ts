/**
 * Decides which torrent may write which path: within this process, between the processes of this user, and
 * between users as far as their permissions allow. A torrent gets all of its paths or none.
 *
 * Two processes of one user take turns under the guard. Two users cannot: each first writes what it asks for
 * and then reads the claims of the others, so that of two concurrent requests at least one sees the other and
 * withdraws.
 *
 * Invariant: a claim ends with its process. Where claims cannot be written, they hold within the process
 * alone, `onUnguarded` is called, and downloads continue.
 */
import process from 'node:process';
import { weightOf } from './claim.ts';
import { packClaims, unpackClaims } from './claim-bytes.ts';
import { type ClaimRequest, type Conflict, conflictsWith, conflictsWithFiles } from './claim-conflicts.ts';
import { type ClaimHolder, claimFilesIn, holderOf, isAlive, removeDead } from './claim-files.ts';
import { ClaimLife, lockGuard } from './claim-life.ts';
import {
  type ClaimsPlace,
  hasRoom,
  machinePlace,
  openClaimsFolders,
  otherClaimsFolders,
  ownClaimsFolders,
} from './claims-folder.ts';
import { isFull } from './small-files.ts';

export interface HeldClaims {
  /** Like take(), for other paths of the same torrent. After a conflict the earlier claims are still held. */
  change(request: ClaimRequest): readonly Conflict[];
  release(): void;
}

/** Claims are kept as bytes: as objects, those of 100,000 files would take much more memory. */
interface Held {
  readonly number: number;
  about: ClaimHolder;
  othersMayWrite: boolean;
  packed: Buffer;
}

export class ClaimRegister {
  readonly #place: ClaimsPlace;
  readonly #held = new Set<Held>();
  #life: ClaimLife | undefined;
  #numbers = 0;

  constructor(place: ClaimsPlace) {
    this.#place = place;
  }

  /** Answers the held claims; or all conflicts, the most serious first, and then nothing is held. */
  take(request: ClaimRequest): HeldClaims | readonly Conflict[] {
    const held: Held = { number: ++this.#numbers, ...recordOf(request) };
    const conflicts = this.#change(held, request);
    if (conflicts.length > 0) return conflicts;
    return {
      change: (next) => (this.#held.has(held) ? this.#change(held, next) : []),
      release: () => void (this.#held.delete(held) && this.#forget(held)),
    };
  }

  /** The running downloads of this user on this machine. */
  running(): ClaimHolder[] {
    try {
      // Throws when no claims folder can be used.
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
      const read = (part: 'all' | 'front') => unpackClaims(other.packed, part);
      conflicts.push(...conflictsWith(request, { read, holder: () => other.about }));
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

  /** When a folder is full, these claims and all others of this process move to the next folder. */
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
    const guard = lockGuard(folder);
    try {
      const life = this.#lifeIn(folder);
      const others = claimFilesIn(folder).filter((file) => file.life !== life.name);
      const conflicts = conflictsWithFiles(request, others);
      return conflicts.length > 0 ? conflicts : this.#publish(life, held, request);
    } finally {
      guard.release();
    }
  }

  /** Writes the claims in the state "asking", and then reads the claims of other users. */
  #publish(life: ClaimLife, held: Held, request?: ClaimRequest): readonly Conflict[] {
    const before = [...this.#held].find(({ number }) => number === held.number)?.packed;
    life.ask(held.number, held.about, held.packed);
    const others = otherClaimsFolders(this.#place, life.folder)
      .filter(({ userId }) => held.othersMayWrite || userId === 0 || userId === this.#place.userId)
      .flatMap(({ folder, userId }) =>
        claimFilesIn(folder, userId === this.#place.userId ? undefined : userId),
      );
    const conflicts = request === undefined ? [] : conflictsWithFiles(request, others);
    if (conflicts.length === 0) life.confirm(held.number);
    else if (before !== undefined) life.restore(held.number, before);
    else life.withdraw(held.number);
    return conflicts;
  }

  /** Call it only under the guard. */
  #lifeIn(folder: string): ClaimLife {
    const before = this.#life;
    if (before?.folder === folder) {
      if (before.isIntact()) return before;
      this.#end();
    }
    removeDead(folder);
    this.#tidyBeside(folder);
    const life = new ClaimLife(folder);
    // The earlier folder was removed, cleaned up or full. Its claims are written here before they are removed
    // there.
    try {
      for (const held of this.#held) this.#publish(life, held);
    } catch (error) {
      life.end();
      throw error;
    }
    this.#end();
    this.#life = life;
    return life;
  }

  /** Removes what ended processes have left in the folders that are seldom used. */
  #tidyBeside(folder: string): void {
    for (const other of ownClaimsFolders(this.#place)) {
      if (other === folder) continue;
      try {
        const guard = lockGuard(other, 0);
        removeDead(other);
        guard.release();
      } catch {
        // Another process holds the guard.
      }
    }
  }

  #forget({ number }: Held): void {
    this.#life?.forget(number);
    if (this.#held.size === 0) this.#end();
  }

  #end(): void {
    const life = this.#life;
    this.#life = undefined;
    life?.end();
  }
}

/** The register of this process. All its clients share it, so that each knows the downloads of the others. */
export const machineClaims = new ClaimRegister(machinePlace);

function recordOf({ about, claims, othersMayWrite }: ClaimRequest): Omit<Held, 'number'> {
  return { about: { ...about, processId: process.pid }, othersMayWrite, packed: packClaims(claims) };
}
