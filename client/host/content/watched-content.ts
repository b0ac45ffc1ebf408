/**
 * The stored files of one torrent, and what happens when one is missing or changed.
 *
 *   downloading ──complete, all in place──▶ seeding ──missing or changed──▶ offline (absent-content.ts)
 *      │ ▲                                    ▲                                │
 *      └─┘ lost files are fetched again       └──────back, the same bytes──────┘
 *          (content-losses.ts)
 *
 * A complete file belongs to the user: it is never written again, nor uploaded while it is changed.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import { isAway, troubleOf } from '../disk/disk-errors.ts';
import type { DiskFile } from '../disk/part-file.ts';
import { launch, type Steps } from '../disk/steps.ts';
import { pausing } from '../disk/timers.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import { AbsentContent, isOwned, notAsDescribed } from './absent-content.ts';
import { type ReadAgain, readAgain } from './content-check.ts';
import {
  causeOf,
  type Finding,
  isStoredFile,
  lookAtAll,
  lookLater,
  lookNow,
  type Unit,
  unitsOf,
} from './content-look.ts';
import { ContentLosses } from './content-losses.ts';
import type { ContentWorld } from './content-world.ts';
import { DoubtPace } from './doubt-pace.ts';
import { DoubtfulFiles } from './doubtful-files.ts';

/** How often a torrent that is not yet complete is checked again, when the reason may pass. */
const retryMs = 1_000;
/** Inspections in one turn of the event loop: about a millisecond. */
const looksPerTurn = 256;

export class WatchedContent {
  readonly #stored: StoredTorrent;
  readonly #world: ContentWorld;
  #isSeeding: boolean;
  /** Undefined while all complete files are in their places. */
  #absence: AbsentContent | undefined;
  readonly #doubtful: DoubtfulFiles;
  readonly #losses: ContentLosses;
  readonly #partPace = new DoubtPace();
  #units: readonly Unit[] = [];
  #cursor = 0;
  /** When all files were last inspected. */
  lookedMs = 0;

  constructor(stored: StoredTorrent, isSeeding: boolean, world: ContentWorld) {
    this.#stored = stored;
    this.#isSeeding = isSeeding;
    this.#world = world;
    this.#doubtful = new DoubtfulFiles(stored.files, {
      check: (file, doubts) => this.#checkOne(file, doubts),
      // The other files may have changed while these were hashed.
      onAllChecked: () => {
        if (this.#absence !== undefined) this.look();
      },
    });
    this.#losses = new ContentLosses(stored, world, this.#doubtful);
  }

  end(): void {
    this.#doubtful.end();
  }

  get #isOver(): boolean {
    return this.#doubtful.isOver;
  }

  onMoreWanted(): void {
    this.#isSeeding = false;
  }

  settled(): Steps<void> {
    return this.#doubtful.settled();
  }

  doubt(file: StoredFile): void {
    this.#doubtful.doubt(file);
  }

  doubtPart(file: StoredFile): void {
    if (this.#partPace.isDue(this.#world.timers.nowMs())) this.doubt(file);
    // The file is hashed before it gets its final name.
    else if (process.platform !== 'win32') this.#stored.files.doubt(file);
  }

  onUnforced(at: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble): void {
    this.#losses.onUnforced(at, pieces, trouble);
  }

  *confirm(): Steps<boolean> {
    const { files, torrent } = this.#stored;
    let told: string | undefined;
    while (!this.#isSeeding) {
      const finding = yield* this.#firstFinding();
      const isWrong = finding !== undefined;
      if (isWrong) this.look();
      const wanted = files.files.filter((file) => file?.isWanted) as StoredFile[];
      const trouble = this.#nameAll(wanted);
      yield* this.settled();
      if (this.#isOver || wanted.some(({ missingBytes }) => missingBytes > 0)) return false;
      const isWhole = ({ state, seen, file }: StoredFile) => state !== 'part' && seen?.bytes === file.bytes;
      if (!isWrong && trouble === undefined && wanted.every(isWhole)) break;
      if (trouble !== undefined && trouble.message !== told)
        this.#world.report({ type: 'disk-trouble', torrent, trouble });
      told = trouble?.message;
      const isSoonKnown = isWrong && finding !== 'unreachable' && trouble === undefined;
      yield* pausing(this.#world.timers, isSoonKnown ? 10 : retryMs);
    }
    this.#isSeeding = true;
    return true;
  }

  /** Gives whole files their final names. Answers why one could not get its name. */
  #nameAll(wanted: readonly StoredFile[]): DiskTrouble | undefined {
    const { files } = this.#stored;
    if (files.beneath?.isAway) return troubleOf(isAway(files.beneath.root));
    try {
      for (const file of wanted) {
        if (file.missingBytes === 0 && files.finish(file) === 'doubtful') this.doubt(file);
      }
    } catch (error) {
      return troubleOf(error);
    }
    return undefined;
  }

  *#firstFinding(): Steps<Finding | undefined> {
    const { files } = this.#stored;
    for (const [count, unit] of unitsOf(files).entries()) {
      if (count % looksPerTurn === looksPerTurn - 1) yield* pausing(this.#world.timers, 0);
      const finding = lookNow(unit, files);
      if (finding !== undefined) return finding;
    }
    return undefined;
  }

  /**
   * The torrent's turn in a round: at most `most` inspections. Answers how many it used. A finding leads to
   * look().
   */
  *lookAtSome(most: number): Steps<number> {
    const { files } = this.#stored;
    if (this.#absence !== undefined) return yield* this.#lookForIt(this.#absence);
    if (this.#cursor >= this.#units.length) {
      this.#units = unitsOf(files);
      this.#cursor = 0;
    }
    const some = this.#units.slice(this.#cursor, this.#cursor + most);
    this.#cursor += some.length;
    for (const unit of some) {
      if ((yield* lookLater(unit, files)) === undefined) continue;
      this.look();
      break;
    }
    return Math.max(1, some.length);
  }

  look(): void {
    const { files } = this.#stored;
    if (this.#absence !== undefined) {
      this.#absence.lookSoon();
      launch(this.#lookForIt(this.#absence));
    }
    if (this.#isOver || this.#absence !== undefined) return;
    this.lookedMs = this.#world.timers.nowMs();
    // While the disk is away, the state of its files is unknown.
    if (files.beneath?.isAway && !this.#isSeeding) return;
    const found = lookAtAll(files);
    if (this.#isSeeding) this.#judgeSeed(found);
    else this.#losses.makeGood(found);
    if (this.#absence !== undefined) return;
    for (const [file, finding] of found) {
      if ((finding === 'changed' || finding === 'touched') && isStoredFile(file)) this.doubt(file);
    }
  }

  /**
   * A complete file that is missing or changed takes the torrent offline. Part files are ours, and fetched
   * again.
   */
  #judgeSeed(found: ReadonlyMap<DiskFile, Finding>): void {
    this.#losses.makeGood(new Map([...found].filter(([file]) => !isOwned(file))));
    const wrong = [...found].filter(([file, finding]) => isOwned(file) && finding !== 'touched');
    const misplaced = wrong
      .filter(([, finding]) => finding === 'misplaced' || finding === 'unreachable')
      .map(([file]) => file);
    const [first] = wrong;
    if (misplaced.length > 0) this.#goOffline(causeOf(misplaced, this.#stored.files));
    else if (first !== undefined) {
      this.#goOffline({ code: 'ECHANGED', message: `${first[0].finalPath} has changed` });
    }
  }

  #goOffline(trouble: DiskTrouble): void {
    const { torrent, files } = this.#stored;
    this.#absence = new AbsentContent(this.#stored, trouble.message, this.#world);
    for (const file of files.files) if (file !== undefined) this.#world.forget(torrent, `${file.file.index}`);
    this.#world.sink({ type: 'content-offline', torrent, trouble });
  }

  *#lookForIt(absence: AbsentContent): Steps<number> {
    if (this.#doubtful.isChecking) return 1;
    const { looks, found } = yield* absence.lookAgain();
    if (this.#isOver || this.#absence !== absence || found === undefined) return looks;
    if (found.length === 0) {
      this.#absence = undefined;
      this.#world.sink({ type: 'content-online', torrent: this.#stored.torrent });
    }
    for (const file of found) this.doubt(file);
    return looks;
  }

  *#checkOne(file: StoredFile, doubts: number): Steps<void> {
    const isSeed = this.#isSeeding && isOwned(file);
    const { files } = this.#stored;
    const hasRead = files.storedIn(file).length > 0;
    const wasWriting = files.writes.isWriting(file);
    const read = yield* readAgain(this.#stored, file, this.#world.pool, isSeed);
    if (read === undefined || this.#isOver) return;
    const { bad, looks } = read;
    if (file.state === 'part' && hasRead) this.#partPace.onRead(bad.length === 0, this.#world.timers.nowMs());
    // A piece that was being written was not read and may be changed too, so it is hashed before the file
    // gets its name.
    const isSettled = (file.doubts ?? 0) === doubts && !wasWriting && !files.writes.isWriting(file);
    if (isSettled) file.doubts = 0;
    const isWhole = file.state === 'part' || looks.bytes === file.file.bytes;
    if (bad.length > 0 || !isWhole)
      return isSeed ? this.#refuteSeed(file, read) : this.#losses.refute(file, bad, looks);
    file.seen = looks;
    if (!this.#isSeeding && file.missingBytes === 0 && isSettled) this.#losses.finish(file, true);
  }

  #refuteSeed(file: StoredFile, read: ReadAgain): void {
    if (this.#absence === undefined) this.#goOffline({ code: 'ECHANGED', message: notAsDescribed(file) });
    this.#absence!.refute(file, read);
  }
}
