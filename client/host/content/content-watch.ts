/**
 * Looks after what is stored: reads and writes go on unharmed in a file that was moved away, so the file's
 * place has to be looked at. Every few seconds, a part of all files; at once when a read or a write fails;
 * and all of a torrent before it counts as complete. What follows from what is found: watched-content.ts.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskTrouble, Report, TorrentId } from '../../engine/contract.ts';
import type { DiskFile } from '../disk/part-file.ts';
import { asPromise, launch, Outcome, type Steps, waitFor } from '../disk/steps.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import type { ContentWorld } from './content-world.ts';
import { WatchedContent } from './watched-content.ts';

/**
 * A lost file of a download is known of within this time; so is a share that was moved, when it is one of a
 * few.
 */
const lookEveryMs = 2_000;
/**
 * Looks in one such time, over all torrents: a hundredth of one core. 10,000 albums are seen through in ten
 * minutes.
 */
const looksMax = 512;
/** Reads may fail a thousand times a second. */
const suspicionMs = 1_000;

export class ContentWatch {
  readonly #world: Omit<ContentWorld, 'report'>;
  readonly #contents = new Map<TorrentId, WatchedContent>();
  /** By torrent: how to take the look that is due back. */
  readonly #suspicions = new Map<TorrentId, () => void>();
  /** What is told to the user beside what the engine tells. */
  onReport: (report: Report) => void = () => {};
  #cancelTimer: (() => void) | undefined;
  /** Undefined when none is under way. */
  #round: Outcome<void> | undefined;
  #rounds = 0;

  constructor(world: Omit<ContentWorld, 'report'>) {
    this.#world = world;
  }

  /** `isSeeding`: it is complete, and only read. */
  add(stored: StoredTorrent, isSeeding: boolean): void {
    const report = (report: Report) => this.onReport(report);
    this.#contents.set(stored.torrent, new WatchedContent(stored, isSeeding, { ...this.#world, report }));
    if (this.#cancelTimer === undefined) this.#arm();
  }

  remove(torrent: TorrentId): void {
    this.#contents.get(torrent)?.end();
    this.#contents.delete(torrent);
    this.#suspicions.get(torrent)?.();
    this.#suspicions.delete(torrent);
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const torrent of [...this.#contents.keys()]) this.remove(torrent);
  }

  #arm(): void {
    this.#cancelTimer = this.#world.timers.after(lookEveryMs, () => {
      this.#arm();
      // A network disk that does not answer holds up one round, and not one every two seconds.
      if (this.#rounds === 0) launch(this.#nextRound());
    });
  }

  /** More is wanted of it: it is a download again. */
  onMoreWanted(torrent: TorrentId): void {
    this.#contents.get(torrent)?.onMoreWanted();
  }

  /** Something was not as it should be: all of the torrent is looked at soon. */
  suspect(torrent: TorrentId): void {
    const content = this.#contents.get(torrent);
    if (content === undefined || this.#suspicions.has(torrent)) return;
    const waitMs = Math.max(0, content.lookedMs + suspicionMs - this.#world.timers.nowMs());
    const look = () => {
      this.#suspicions.delete(torrent);
      content.look();
    };
    this.#suspicions.set(torrent, this.#world.timers.after(waitMs, look));
  }

  /**
   * All of the torrent is looked at before this returns; one that is offline is looked for without waiting
   * longer.
   */
  lookNow(torrent: TorrentId): void {
    this.#contents.get(torrent)?.look();
  }

  /** Another program may have written into it: it is hashed, and gets its name when it is right. */
  doubt(torrent: TorrentId, file: StoredFile): void {
    this.#contents.get(torrent)?.doubt(file);
  }

  /** An fsync of this file has failed, and may have cost these pieces. False: the torrent is not watched any more. */
  onUnforced(torrent: TorrentId, at: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble): boolean {
    const content = this.#contents.get(torrent);
    content?.onUnforced(at, pieces, trouble);
    return content !== undefined;
  }

  /** The same of a file under way, with a pause where the system's times prove to be no sign of that. */
  doubtPart(torrent: TorrentId, file: StoredFile): void {
    this.#contents.get(torrent)?.doubtPart(file);
  }

  /**
   * The torrent seems complete. True when every wanted file lies in its place, whole and under its final
   * name; false when something is fetched again, or the torrent has ended.
   */
  confirm(torrent: TorrentId): Promise<boolean> {
    return asPromise(this.confirming(torrent));
  }

  *confirming(torrent: TorrentId): Steps<boolean> {
    const content = this.#contents.get(torrent);
    return content !== undefined && (yield* content.confirm());
  }

  /** Nothing is being hashed any more. */
  settled(): Promise<void> {
    return asPromise(this.#settling());
  }

  *#settling(): Steps<void> {
    for (const content of this.#contents.values()) yield* content.settled();
  }

  /** One round, as every few seconds, after those that are under way. */
  lookAround(): Promise<void> {
    return asPromise(this.#nextRound());
  }

  *#nextRound(): Steps<void> {
    const before = this.#round;
    this.#rounds += 1;
    const round = new Outcome<void>();
    this.#round = round;
    if (before !== undefined) yield* waitFor(before);
    yield* this.#lookAtSome();
    this.#rounds -= 1;
    round.resolve();
  }

  *#lookAtSome(): Steps<void> {
    let left = looksMax;
    for (const [torrent, content] of [...this.#contents]) {
      if (left <= 0) return;
      // To the end: the next round begins with those that had no turn in this one.
      if (this.#contents.delete(torrent)) this.#contents.set(torrent, content);
      left -= yield* content.lookAtSome(left);
    }
  }
}
