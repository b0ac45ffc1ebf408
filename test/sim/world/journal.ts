/**
 * The resume record of one life of a host, as client/host/resume/resume-journal.ts keeps it: every two seconds, or after 64 MiB,
 * what was stored since is forced to the disk, and only then recorded, with the stamps of the files.
 *
 * Invariant: a piece is recorded only after an fsync that began after it was written.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Gate } from '../kernel/gate.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { DiskTemper } from './disk-temper.ts';
import { isSameStamp, type Stamp } from './file-table.ts';
import { eachMarked, isMarked, mark, type Platter, unmark } from './platter.ts';

/** As in client/host/resume/resume-journal.ts. */
const flushMs = 2_000;
const flushBytes = 64 * 1024 * 1024;

export interface JournalParts {
  readonly scheduler: Scheduler;
  readonly gate: Gate;
  readonly random: Prng;
  readonly platter: Platter;
  readonly temper: DiskTemper;
  /** Of the files, as this life knows them: not as they are, which may be the work of others. */
  readonly stamps: () => readonly Stamp[];
  /** An fsync has failed. Answers whether its pieces are missing from now on; else they count as here all the same. */
  readonly onUnforced: (pieces: readonly PieceIndex[]) => boolean;
}

export class ResumeJournal {
  readonly #parts: JournalParts;
  readonly #have: Uint8Array;
  /** Stored and not yet forced to the disk. */
  #dirty: PieceIndex[] = [];
  #dirtyBytes = 0;
  #cancelTimer: (() => void) | undefined;
  #isFlushing = false;
  #isStopped = false;
  /** An fsync has failed, and nothing was lost by it: what the disk holds is not known any more, and the next start hashes. */
  #isBroken = false;

  /** `have`: what this life began with. Of that, what was only found by hashing may not have been forced to the disk. */
  constructor(parts: JournalParts, have: Uint8Array) {
    const { platter } = parts;
    this.#parts = parts;
    this.#have = have.slice();
    eachMarked(have, (pieceIndex) => {
      if (!platter.isTrusted(pieceIndex)) this.#dirty.push(pieceIndex);
    });
    const isStale = platter.recordStamps.some((stamp, file) => !isSameStamp(stamp, parts.stamps()[file]!));
    if (this.#dirty.length > 0 || isStale) this.#arm();
  }

  /** Pieces are not on the disk any more: the next record does not have them. */
  onLost(pieces: readonly PieceIndex[]): void {
    for (const pieceIndex of pieces) unmark(this.#have, pieceIndex);
    this.#dirty = this.#dirty.filter((pieceIndex) => isMarked(this.#have, pieceIndex));
    if (!this.#isFlushing && this.#cancelTimer === undefined) this.#arm();
  }

  onStored(pieceIndex: PieceIndex, bytes: number): void {
    mark(this.#have, pieceIndex);
    this.#dirty.push(pieceIndex);
    this.#dirtyBytes += bytes;
    if (this.#isFlushing) return;
    if (this.#dirtyBytes >= flushBytes) this.#flush();
    else if (this.#cancelTimer === undefined) this.#arm();
  }

  /** Only where no timer is set: the closures below are made before anything is looked at, and this is asked at every piece. */
  #arm(): void {
    this.#cancelTimer = this.#later(flushMs, () => this.#flush());
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isBroken) return;
    const dirty = this.#dirty;
    const have = this.#have.slice();
    const stamps = this.#parts.stamps();
    this.#dirty = [];
    this.#dirtyBytes = 0;
    this.#isFlushing = true;
    this.#later(this.#parts.temper.syncMs, () => this.#synced(dirty, have, stamps));
  }

  #synced(dirty: readonly PieceIndex[], have: Uint8Array, stamps: readonly Stamp[]): void {
    const { platter, temper, random } = this.#parts;
    this.#isFlushing = false;
    // The torrent was stopped meanwhile, and what it had is recorded.
    if (this.#isStopped) return;
    if (temper.syncErrorPpm > 0 && random.below(1_000_000) < temper.syncErrorPpm) {
      // What is missing again is in no record; of what is not, no record is to be trusted.
      this.#isBroken = !this.#parts.onUnforced(dirty);
      if (!this.#isBroken && this.#dirty.length > 0) this.#arm();
      return;
    }
    platter.sync(dirty);
    platter.record = have;
    platter.recordStamps = stamps;
    if (this.#dirty.length > 0) this.#arm();
  }

  /** The program ends by itself: everything that was stored is forced to the disk and recorded. */
  stop(): void {
    this.#isStopped = true;
    if (this.#isBroken) return;
    this.#parts.platter.sync(this.#parts.platter.content.geometry.pieces());
    this.#parts.platter.record = this.#have.slice();
    this.#parts.platter.recordStamps = this.#parts.stamps();
  }

  #later(delayMs: number, run: () => void): () => void {
    const { scheduler, gate } = this.#parts;
    const task = { run: () => (gate.admits(task) ? run() : undefined) };
    scheduler.at(scheduler.nowMs + delayMs, task);
    return () => {
      task.run = () => undefined;
    };
  }
}
