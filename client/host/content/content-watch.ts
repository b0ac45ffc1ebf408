/**
 * Watches the places of stored files: open descriptors still work in a file that was moved away, so its path
 * has to be inspected. Every few seconds some of all files are inspected; all of one torrent when a read or a
 * write fails, and before it counts as complete. watched-content.ts acts on the findings.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskTrouble, Report, TorrentId } from '../../engine/contract.ts';
import type { DiskFile } from '../disk/part-file.ts';
import { asPromise, launch, Outcome, type Steps, waitFor } from '../disk/steps.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import type { ContentWorld } from './content-world.ts';
import { WatchedContent } from './watched-content.ts';

/** A download notices a lost file within this time; so does a seed, when there are few. */
const lookEveryMs = 2_000;
/**
 * Inspections per interval over all torrents: 1% of one core. 10,000 albums are all inspected in ten
 * minutes.
 */
const looksMax = 512;
/** At most one inspection per second, because reads may fail a thousand times a second. */
const suspicionMs = 1_000;

export class ContentWatch {
  readonly #world: Omit<ContentWorld, 'report'>;
  readonly #contents = new Map<TorrentId, WatchedContent>();
  /** By torrent: cancels its scheduled inspection. */
  readonly #suspicions = new Map<TorrentId, () => void>();
  /** Reports to the user that do not come from the engine. */
  onReport: (report: Report) => void = () => {};
  #cancelTimer: (() => void) | undefined;
  /** Undefined when no round is under way. */
  #round: Outcome<void> | undefined;
  #rounds = 0;

  constructor(world: Omit<ContentWorld, 'report'>) {
    this.#world = world;
  }

  /** `isSeeding`: the torrent is complete, and its files are only read. */
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
      // A network disk that does not answer blocks this round only, and no new ones pile up.
      if (this.#rounds === 0) launch(this.#nextRound());
    });
  }

  /** More files of the torrent are selected: it is a download again. */
  onMoreWanted(torrent: TorrentId): void {
    this.#contents.get(torrent)?.onMoreWanted();
  }

  /** A read or a write has failed: the whole torrent is inspected soon. */
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
   * Inspects the whole torrent before it returns. If the torrent is offline, it is looked for without further
   * delay.
   */
  lookNow(torrent: TorrentId): void {
    this.#contents.get(torrent)?.look();
  }

  /**
   * Another program may have written into the file: it is hashed, and gets its final name if it is correct.
   */
  doubt(torrent: TorrentId, file: StoredFile): void {
    this.#contents.get(torrent)?.doubt(file);
  }

  /**
   * An fsync of this file has failed, and may have lost these pieces. False: the torrent is no longer
   * watched.
   */
  onUnforced(torrent: TorrentId, at: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble): boolean {
    const content = this.#contents.get(torrent);
    content?.onUnforced(at, pieces, trouble);
    return content !== undefined;
  }

  /**
   * Like doubt(), for a part file. Readings pause where the file system's times prove unreliable
   * (doubt-pace.ts).
   */
  doubtPart(torrent: TorrentId, file: StoredFile): void {
    this.#contents.get(torrent)?.doubtPart(file);
  }

  /**
   * The torrent seems complete. True when every wanted file is in its place, whole and under its final name;
   * false when something is fetched again, or the torrent has stopped.
   */
  confirm(torrent: TorrentId): Promise<boolean> {
    return asPromise(this.confirming(torrent));
  }

  *confirming(torrent: TorrentId): Steps<boolean> {
    const content = this.#contents.get(torrent);
    return content !== undefined && (yield* content.confirm());
  }

  /** Resolves when nothing is being hashed. */
  settled(): Promise<void> {
    return asPromise(this.#settling());
  }

  *#settling(): Steps<void> {
    for (const content of this.#contents.values()) yield* content.settled();
  }

  /** One round like those of the timer, after the rounds that are under way. */
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
      // Moves the torrent to the end: the next round starts with those that this one did not reach.
      if (this.#contents.delete(torrent)) this.#contents.set(torrent, content);
      left -= yield* content.lookAtSome(left);
    }
  }
}
