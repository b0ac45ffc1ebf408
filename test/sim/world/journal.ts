/**
 * The resume record of one life of a host, as in client/host/resume/resume-journal.ts: every two seconds, or
 * after 64 MiB, newly stored pieces are synced and only then recorded, with the stamps of the files.
 *
 * Invariant: a piece is recorded only after an fsync that began after its write.
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
  /** The file stamps that this life knows; the present ones may come from other programs. */
  readonly stamps: () => readonly Stamp[];
  /**
   * An fsync has failed. Returns whether its pieces are missing from now on; otherwise they still count as
   * stored.
   */
  readonly onUnforced: (pieces: readonly PieceIndex[]) => boolean;
}

export class ResumeJournal {
  readonly #parts: JournalParts;
  readonly #have: Uint8Array;
  /** Stored and not synced yet. */
  #dirty: PieceIndex[] = [];
  #dirtyBytes = 0;
  #cancelTimer: (() => void) | undefined;
  #isFlushing = false;
  #isStopped = false;
  /**
   * An fsync has failed without losing pieces: the state of the disk is unknown, and the next start hashes.
   */
  #isBroken = false;

  /** `have`: the pieces at the start of this life. Those that were found by hashing may not be synced yet. */
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

  /** These pieces are not on the disk any more: the next record omits them. */
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

  /** Call only when no timer is set: this creates closures, and onStored runs for every piece. */
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
    // The torrent was stopped during the fsync, and the stop has recorded its pieces.
    if (this.#isStopped) return;
    if (temper.syncErrorPpm > 0 && random.below(1_000_000) < temper.syncErrorPpm) {
      // Lost pieces are in no record. If they were not lost, no record can be trusted.
      this.#isBroken = !this.#parts.onUnforced(dirty);
      if (!this.#isBroken && this.#dirty.length > 0) this.#arm();
      return;
    }
    platter.sync(dirty);
    platter.record = have;
    platter.recordStamps = stamps;
    if (this.#dirty.length > 0) this.#arm();
  }

  /** The program stops regularly: syncs and records every stored piece. */
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
