/**
 * What is stored of one torrent, and what becomes of it when it is not where it should be, or not as it was.
 *
 *   fetching ──complete, and every file in its place──▶ seeding ──something is not──▶ offline (absent-content.ts)
 *      │ ▲                                                ▲                              │
 *      └─┘ what is lost is fetched again                  └──back, and the same bytes────┘
 *
 * A download makes good what it has lost. What is complete is its owner's: not written again, nor shared while changed.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskTrouble, Report, TorrentId } from '../../engine/contract.ts';
import { isAway, troubleOf } from '../disk/disk-errors.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import { type DiskFile, openedPath } from '../disk/part-file.ts';
import { launch, Outcome, type Steps, waitFor } from '../disk/steps.ts';
import { pausing, type Timers } from '../disk/timers.ts';
import type { FactSink } from '../ports.ts';
import type { StorageJobs } from '../storage/storage-job.ts';
import { type StoredFile, sideKey } from '../storage/stored-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import { AbsentContent, isOwned, notAsDescribed } from './absent-content.ts';
import { type ReadAgain, readAgain } from './content-check.ts';
import {
  causeOf,
  type Finding,
  isReached,
  isStoredFile,
  lookAtAll,
  lookLater,
  lookNow,
  stampNow,
  type Unit,
  unitsOf,
} from './content-look.ts';
import { DoubtPace } from './doubt-pace.ts';

/** A torrent that cannot be complete for a reason that may go away is looked at as often as this. */
const retryMs = 1_000;
/** Files looked at in one turn of the event loop: a millisecond. */
const looksPerTurn = 256;

export interface ContentWorld {
  readonly sink: FactSink;
  readonly pool: StorageJobs;
  readonly timers: Timers;
  /** Closes what is open of a file. */
  readonly forget: (torrent: TorrentId, key: string) => void;
  /** Tells the user what the engine does not. */
  readonly report: (report: Report) => void;
}

export class WatchedContent {
  readonly #stored: StoredTorrent;
  readonly #world: ContentWorld;
  #isSeeding: boolean;
  #isOver = false;
  /** Undefined while it is where it should be. */
  #absence: AbsentContent | undefined;
  /** Files whose bytes have to be read before they are believed again. */
  readonly #doubtful = new Set<StoredFile>();
  #checking: Outcome<void> | undefined;
  readonly #partPace = new DoubtPace();
  #units: readonly Unit[] = [];
  #cursor = 0;
  /** When all of it was looked at last. */
  lookedMs = 0;

  constructor(stored: StoredTorrent, isSeeding: boolean, world: ContentWorld) {
    this.#stored = stored;
    this.#isSeeding = isSeeding;
    this.#world = world;
  }

  end(): void {
    this.#isOver = true;
  }

  onMoreWanted(): void {
    this.#isSeeding = false;
  }

  *settled(): Steps<void> {
    while (this.#checking !== undefined) yield* waitFor(this.#checking);
  }

  doubt(file: StoredFile): void {
    this.#stored.files.doubt(file);
    this.#doubtful.add(file);
    this.#check();
  }

  doubtPart(file: StoredFile): void {
    if (this.#partPace.isDue(this.#world.timers.nowMs())) this.doubt(file);
    // Not read now, but before it gets its name.
    else if (process.platform !== 'win32') this.#stored.files.doubt(file);
  }

  /** What lies in a file under way is fetched again; a file that has its name is hashed at the next start. */
  onUnforced({ state }: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble): void {
    if (state !== 'part') return this.#stored.journal?.onUnsure(pieces);
    this.#stored.files.losePieces(pieces);
    this.#tell(pieces, trouble);
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

  /** Of a torrent that has all its bytes: why not every file has its name. */
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

  /** Its turn in a round: at most so many looks. Answers how many it took. What they find is looked at once more. */
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
    // Where the disk is away nothing is known of its files.
    if (files.beneath?.isAway && !this.#isSeeding) return;
    const found = lookAtAll(files);
    if (this.#isSeeding) this.#judgeSeed(found);
    else this.#makeGood(found);
    if (this.#absence !== undefined) return;
    for (const [file, finding] of found) {
      if ((finding === 'changed' || finding === 'touched') && isStoredFile(file)) this.doubt(file);
    }
  }

  /** What is not in its place is fetched again. */
  #makeGood(found: ReadonlyMap<DiskFile, Finding>): void {
    const { files } = this.#stored;
    const misplaced = [...found].filter(([, finding]) => finding === 'misplaced').map(([file]) => file);
    const lost = misplaced.filter((file) => !this.#readInstead(file));
    if (lost.length === 0) return;
    const trouble = causeOf(lost, files);
    const pieces = lost.flatMap((file) => this.#lose(file));
    this.#tell(pieces, trouble);
    // An empty file has no piece that would bring it back.
    for (const file of lost) if (isStoredFile(file) && file.missingBytes === 0) this.#finish(file);
  }

  /**
   * Editors, tools against duplicates and copies back from a backup put a new file in the place of one that has
   * its name. When it has the right length, its bytes are read before it counts as another one.
   */
  #readInstead(file: DiskFile): boolean {
    const { files, torrent } = this.#stored;
    if (!isStoredFile(file) || !isOwned(file)) return false;
    if (stampNow(file, files)?.bytes !== file.file.bytes || !isReached(file, files)) return false;
    this.#world.forget(torrent, `${file.file.index}`);
    this.doubt(file);
    return true;
  }

  #lose(file: DiskFile): PieceIndex[] {
    const { torrent, files } = this.#stored;
    if (!isStoredFile(file)) {
      this.#world.forget(torrent, sideKey);
      return files.loseSide();
    }
    this.#world.forget(torrent, `${file.file.index}`);
    this.#doubtful.delete(file);
    return files.lose(file);
  }

  #tell(pieces: readonly PieceIndex[], trouble: DiskTrouble): void {
    if (pieces.length === 0) return;
    const { torrent, journal } = this.#stored;
    journal?.onLost(pieces);
    this.#world.sink({ type: 'pieces-lost', torrent, pieces: [...new Set(pieces)], trouble });
  }

  /**
   * What is complete and its owner's goes offline; what lies beside it is ours, and fetched again if it is
   * wanted.
   */
  #judgeSeed(found: ReadonlyMap<DiskFile, Finding>): void {
    this.#makeGood(new Map([...found].filter(([file]) => !isOwned(file))));
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
    if (this.#checking !== undefined) return 1;
    const { looks, found } = yield* absence.lookAgain();
    if (this.#isOver || this.#absence !== absence || found === undefined) return looks;
    if (found.length === 0) {
      this.#absence = undefined;
      this.#world.sink({ type: 'content-online', torrent: this.#stored.torrent });
    }
    for (const file of found) this.doubt(file);
    return looks;
  }

  #check(): void {
    if (this.#checking !== undefined) return;
    const checking = new Outcome<void>();
    this.#checking = checking;
    launch(this.#checkUntilDone(checking));
  }

  *#checkUntilDone(checking: Outcome<void>): Steps<void> {
    try {
      yield* this.#checkAll();
    } finally {
      this.#checking = undefined;
      if (!this.#isOver && this.#doubtful.size > 0) this.#check();
      // Looked at once more: the rest may have changed while this was read.
      else if (!this.#isOver && this.#absence !== undefined) this.look();
      checking.resolve();
    }
  }

  *#checkAll(): Steps<void> {
    for (const file of this.#doubtful) {
      const doubts = file.doubts ?? 0;
      if (!this.#isOver) yield* this.#checkOne(file, doubts);
      this.#doubtful.delete(file);
      // Doubted again while it was read: its turn comes once more, after the others.
      if (!this.#isOver && file.state === 'part' && (file.doubts ?? 0) > doubts) this.#doubtful.add(file);
    }
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
    // A piece that was on its way was not read, and may be changed, too: it is read before the file gets its name.
    const isSettled = (file.doubts ?? 0) === doubts && !wasWriting && !files.writes.isWriting(file);
    if (isSettled) file.doubts = 0;
    const isWhole = file.state === 'part' || looks.bytes === file.file.bytes;
    if (bad.length > 0 || !isWhole)
      return isSeed ? this.#refuteSeed(file, read) : this.#refute(file, bad, looks);
    file.seen = looks;
    if (!this.#isSeeding && file.missingBytes === 0 && isSettled) this.#finish(file, true);
  }

  #refuteSeed(file: StoredFile, read: ReadAgain): void {
    if (this.#absence === undefined) this.#goOffline({ code: 'ECHANGED', message: notAsDescribed(file) });
    this.#absence!.refute(file, read);
  }

  #refute(file: StoredFile, bad: readonly PieceIndex[], looks: FileStamp): void {
    const { files, torrent } = this.#stored;
    file.seen = looks;
    const lost = bad.filter((pieceIndex) => files.has(pieceIndex));
    files.losePieces(lost);
    const message = `${openedPath(file)} was changed by another program`;
    if (file.state === 'part') return this.#tell(lost, { code: 'ECHANGED', message });
    // A file that has its name is its owner's: it is not written over.
    const trouble = { code: 'EEXIST', message: `${message} and is not what the torrent describes` };
    if (lost.length > 0) this.#tell(lost, trouble);
    else this.#world.report({ type: 'disk-trouble', torrent, trouble });
  }

  #finish(file: StoredFile, isChecked = false): void {
    const { files, torrent } = this.#stored;
    try {
      if (files.finish(file, isChecked) === 'named') return;
      // It is still being written by another program: not read again and again without a pause.
      this.#world.timers.after(retryMs, () => this.#isOver || this.doubt(file));
    } catch (error) {
      // The last piece is asked for again, and with it the name.
      const last = files.storedIn(file).slice(-1);
      files.losePieces(last);
      const trouble = troubleOf(error);
      if (last.length > 0) this.#tell(last, trouble);
      else this.#world.report({ type: 'disk-trouble', torrent, trouble });
    }
  }
}
