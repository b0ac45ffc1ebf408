/**
 * Runs the production storage code (file disk, resume journal and record, part file, content watch) over
 * several lives on a simulated disk. Pieces are stored in any order, power cuts come between any two calls,
 * calls fail, and other programs change files. Then everything heals, and the download must complete.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { ClientError } from '../../../client/host/client-error.ts';
import { start } from '../../../client/host/disk/steps.ts';
import { type FileChoice, piecePriorities } from '../../../client/host/file-selection.ts';
import type { PreparedDownload } from '../../../client/host/preparing/download-folder.ts';
import { guarded } from '../kernel/guard.ts';
import { Randomness } from '../kernel/randomness.ts';
import { Scheduler } from '../kernel/scheduler.ts';
import { Trace } from '../kernel/trace.ts';
import type { Failure } from '../runner/result.ts';
import type { RunOptions } from '../runner/run-plan.ts';
import { Drive } from '../world/file-system/drive.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { act } from './act.ts';
import { ambush, disturb, disturbAtRest } from './disturbances.ts';
import { EventLog } from './event-log.ts';
import { FetchedTorrent } from './fetched-torrent.ts';
import { Moments } from './moments.ts';
import { Program } from './program.ts';
import { isIn, RecordChecks, recordIn } from './record-checks.ts';
import { BrokenStorage, DiskLook } from './storage-checks.ts';
import { Life } from './storage-life.ts';
import { canFail, drawChoice, type LifePlan, type StoragePlan, temperOf } from './storage-plan.ts';
import { failureOf, type StorageResult } from './storage-result.ts';
import { Strangers } from './strangers.ts';
import { StrictChecks } from './strict-checks.ts';
import { WorkDone } from './work-done.ts';

const folder = '/home/music';
const stateFolder = '/home/state';
const healedMsMax = 15 * 60_000;
const retryMs = 3_000;
/** A life that has not ended by then is killed. */
const lifeMsMax = 12_000;

/** The same plan gives the same result on every machine. */
export function runStorage(plan: StoragePlan, { lastEvents = 0 }: RunOptions = {}): StorageResult {
  return guarded(() => new StorageRun(plan, lastEvents).toEnd());
}

class StorageRun {
  readonly #plan: StoragePlan;
  readonly #randomness: Randomness;
  readonly #scheduler = new Scheduler();
  readonly #drive: Drive;
  readonly #strangers: Strangers;
  readonly #look: DiskLook;
  readonly #stepsOf: number[] = [];
  #choose: FileChoice;
  readonly #choices: Prng;
  #broken: unknown;
  #hadFaults = false;
  readonly #work: WorkDone;
  readonly #records: RecordChecks;
  readonly #strict: StrictChecks;
  #prepared: PreparedDownload | undefined;
  #ambushPpm = 0;
  readonly #trace = new Trace();
  readonly #log: EventLog;

  constructor(plan: StoragePlan, lastEvents: number) {
    this.#plan = plan;
    this.#log = new EventLog(lastEvents);
    this.#randomness = new Randomness(plan.seed);
    this.#drive = new Drive(plan.drive, () => this.#scheduler.nowMs);
    const { root, nowNs } = this.#drive;
    this.#drive.rename([{ folder: root, name: 'home', inode: this.#drive.create('folder', nowNs) }], nowNs);
    this.#strangers = new Strangers(this.#drive, this.#randomness.of('storage strangers'));
    this.#look = new DiskLook(this.#drive, plan.album, folder, (inode) => this.#strangers.isCovered(inode));
    this.#records = new RecordChecks(this.#drive, plan.album, this.#look, `${stateFolder}/resume`);
    this.#strict = new StrictChecks(plan.album, this.#look);
    this.#work = new WorkDone(plan.journalPace.flushMs);
    this.#choices = this.#randomness.of('storage choice');
    this.#choose = drawChoice(plan.album, this.#choices, plan.wantedPerMille);
  }

  toEnd(): StorageResult {
    const { seed, lives } = this.#plan;
    let failure: Failure | undefined;
    try {
      for (const [number, plan] of lives.entries()) this.#live(plan, number);
      this.#heal();
    } catch (error) {
      failure = failureOf(error as Error, this.#strangers.done, this.#scheduler.nowMs, this.#log.events);
    }
    const steps = this.#stepsOf.reduce((sum, count) => sum + count, 0);
    const virtualSeconds = this.#scheduler.nowMs / 1000;
    return { seed, traceHash: this.#trace.hash, steps, virtualSeconds, failure, stepsOf: this.#stepsOf };
  }

  #live(plan: LifePlan, number: number): void {
    this.#drive.capacityBytes = plan.capacityBytes;
    this.#hadFaults ||= canFail(plan);
    const life = this.#begin(`${number}`, plan);
    const { program } = life;
    life.onBegun = (download) => {
      // While a download is being prepared, others leave its files alone: the watch would find it later.
      this.#ambushPpm = plan.ambushPpm;
      for (const atMs of plan.deedsAtMs)
        program.after(atMs, () => disturb(this.#strangers, this.#look, download.prepared));
      const { selectAtMs, end } = plan;
      if (selectAtMs !== undefined)
        program.after(selectAtMs, () => this.#select(life, [300, 700, 1_000][number % 3]!));
      life.endAs(end);
    };
    this.#run(life, lifeMsMax);
    program.kill();
    // Bytes dropped by a failed fsync are lost only if the power is cut in this life: no later one knows.
    if (!program.wasCut) this.#drive.mend();
    this.#ambushPpm = 0;
    this.#look.checkOthers(this.#strangers);
    this.#stepsOf.push(program.steps);
    // After failed calls or actions of other programs, more may be lost.
    if (this.#isUndisturbed) {
      const { nowMs } = this.#scheduler;
      this.#records.checkForced(this.#work.recorded(life.wasStopped, nowMs), life.wasStopped);
      this.#work.end(program.wasCut, nowMs);
      // Data that a new selection moves into or out of the part file of unwanted data may be read again.
      const isChosenAnew = plan.moments.some(({ act }) => act.what === 'select');
      if (life.wasStopped) this.#strict.checkStopped(life.download!, this.#records.current, isChosenAnew);
      if (program.jobs.checked > life.checkedAtStart && !isChosenAnew)
        throw new BrokenStorage('hashed-again', 'a file is read again that no program has touched');
    } else this.#work.begin();
    for (let i = 0; i < plan.deedsAtRest; i++) disturbAtRest(this.#strangers, this.#look);
    if (plan.deedsAtRest > 0) this.#work.begin();
    // After a crash their part may be taken for the client's (SECURITY.md), as may an empty unrecorded one.
    const isClean = this.#records.current?.clean ?? false;
    this.#strangers.yieldParts(({ looks }) => !isClean || (this.#hadFaults && looks.bytes === 0));
    this.#pass(1_000);
  }

  /** Without faults, the download completes. After a clean stop it knows its pieces without reading them. */
  #heal(): void {
    this.#drive.capacityBytes = Number.POSITIVE_INFINITY;
    let isComplete = false;
    for (let attempt = 0; attempt < 20 && !isComplete; attempt++) {
      const life = this.#begin(`healed ${attempt}`, undefined);
      life.onComplete = () => life.stop(false);
      this.#run(life, healedMsMax);
      isComplete = life.download?.isComplete ?? false;
      if (!isComplete && !life.wasRefused) throw new BrokenStorage('stuck', 'it does not complete');
      life.program.kill();
      this.#look.checkOthers(this.#strangers);
      this.#pass(retryMs);
    }
    if (!isComplete) throw new BrokenStorage('stuck', 'something is always in the way');
    this.#look.checkWhole(this.#choose);
    const again = this.#begin('again', undefined);
    again.onComplete = () => again.stop(true);
    this.#run(again, healedMsMax);
    // Unwanted parts of a piece that wanted files share are read before they are believed.
    if (again.program.jobs.checked > 0 && this.#isAllWanted)
      throw new BrokenStorage(
        'hashed-again',
        `${again.program.jobs.checked} pieces were read after a clean stop`,
      );
    if (!(again.download?.isComplete ?? false))
      throw new BrokenStorage('stuck', 'it is not complete any more');
    this.#look.checkWhole(this.#choose);
    if (this.#strangers.done.length === 0) this.#look.checkNothingLeft(this.#choose);
  }

  #begin(name: string, plan: LifePlan | undefined): Life {
    const { album, syncMsMax, jobMsMax } = this.#plan;
    const temper = temperOf(this.#plan, plan);
    const program: Program = new Program({
      scheduler: this.#scheduler,
      drive: this.#drive,
      random: this.#randomness.of(`storage program ${name}`),
      temper,
      descriptorsArePaths: this.#plan.descriptorsArePaths,
      syncMsMax,
      jobMsMax,
      cutAtStep: plan?.end.how === 'cut' && plan.end.fromMs === undefined ? plan.end.atStep : undefined,
      cutAtRecord: plan?.end.how === 'cut-at-record' ? plan.end : undefined,
      onNamed: (at, inode) => this.#onNamed(at, inode, life),
      onWrite: (at, inode) => this.#onWrite(at, inode),
      onCall: (call, at) => {
        moments.onCall(program, call, at);
        this.#onCall(call, at);
      },
      onThrown: (error) => (this.#broken ??= error),
    });
    const life: Life = new Life(program);
    life.onStopping = (download) => this.#isUndisturbed && this.#strict.checkNames(download);
    const select = (perMille: number) => this.#select(life, perMille);
    const stage = { life, temper, drive: this.#drive, strangers: this.#strangers, look: this.#look, select };
    const moments = new Moments(plan?.moments ?? [], (deed, at) => act(deed, at, { ...stage, plan: plan! }));
    this.#strangers.isWriting = (inode) => !program.isOver && (life.download?.isWriting(inode) ?? false);
    this.#strangers.isOpen = (inode) => !program.isOver && program.fs.isOpen(inode);
    const mayFail = plan !== undefined && canFail(plan);
    const refuse = (error: Error) => {
      life.wasRefused = true;
      this.#onRefused(error, mayFail);
      if (life.download === undefined) program.kill();
      else life.stop(false);
    };
    const begin = FetchedTorrent.begin({
      album,
      folder,
      stateFolder,
      program,
      random: this.#randomness.of(`storage engine ${name}`),
      choose: this.#choose,
      paceMs: plan?.paceMs ?? 20,
      journalPace: this.#plan.journalPace,
      watcher: {
        onPrepared: (prepared) => {
          this.#prepared = prepared;
          life.checkedAtStart = program.jobs.checked;
          this.#strict.checkAccounts(prepared);
          this.#look.checkBelief(prepared);
          if (this.#isUndisturbed) this.#checkFound(prepared, program.jobs.checked);
          const priorities = piecePriorities(album.metainfo, this.#choose);
          if (!this.#hadFaults) this.#work.check(prepared.have, priorities);
        },
        onStored: (pieceIndex, { prepared }) => {
          this.#work.onStored(pieceIndex, this.#scheduler.nowMs);
          this.#strict.checkAccounts(prepared);
          if (this.#strangers.done.length === 0) this.#look.checkStored(pieceIndex, prepared);
        },
        onRead: (...read) => this.#strangers.done.length > 0 || this.#look.checkRead(...read),
        onComplete: () => {
          if (this.#strangers.done.length === 0) this.#look.checkWhole(this.#choose);
          // Not from within the beginning of the download.
          program.after(0, () => life.onComplete());
        },
        onTrouble: (about) => {
          if (this.#isUndisturbed)
            throw new BrokenStorage('trouble', `nothing is wrong, and it says ${about}`);
        },
        onHopeless: (message) => {
          if (!life.wasRefused) refuse(new Error(message));
        },
      },
    });
    program.act(() => {
      start(begin).then(
        (download) => {
          life.download = download;
          life.onBegun(download);
        },
        (error) => {
          if (error instanceof BrokenStorage) throw error;
          if (!program.isOver) refuse(error as Error);
        },
      );
    });
    return life;
  }

  #onCall(call: string, at: string): void {
    this.#trace.mix(this.#scheduler.nowMs);
    this.#trace.mixText(call);
    if (this.#ambushPpm > 0 && this.#strangers.random.below(1_000_000) < this.#ambushPpm)
      ambush(this.#strangers, this.#look, call, at);
    this.#log.noteDeeds(this.#strangers.done, this.#scheduler.nowMs);
    this.#log.note(`${call} ${at}`, this.#scheduler.nowMs);
  }

  #run(life: Life, msMax: number): void {
    const { program } = life;
    const isOver = () => this.#broken !== undefined || program.isOver;
    this.#scheduler.run(isOver, this.#scheduler.nowMs + msMax);
    if (this.#broken !== undefined) throw this.#broken;
  }

  #pass(ms: number): void {
    this.#scheduler.run(() => false, this.#scheduler.nowMs + ms);
  }

  /** A file of the user is in the way: the user moves it away. Without such a file a refusal is an error. */
  #onRefused(error: Error, mayFail: boolean): void {
    // When the disk refused the record, nothing tells the client's torn part from another program's: there is
    // no record, or the one of the clean stop before.
    const isUnrecorded = this.#hadFaults && (this.#records.current?.clean ?? true);
    if (this.#strangers.done.length === 0 && !isUnrecorded) {
      if (!mayFail) throw new BrokenStorage('refused', error.message);
      return;
    }
    // Other programs may have brought back a part file of unwanted data that they had moved away.
    const inWay = [this.#prepared?.files.side?.path ?? '?', ...this.#look.paths];
    const at = inWay.find((path) => error.message.includes(path));
    if (at !== undefined) this.#strangers.moveAway(at);
    else if (!mayFail) throw new BrokenStorage('refused', `names no file: ${error.message}`);
  }

  /** Does nothing while the download is stopping: the client refuses it then. */
  #select({ download, isStopping }: Life, perMille: number): void {
    if (isStopping) return;
    const choose = drawChoice(this.#plan.album, this.#choices, perMille);
    this.#work.onChosen(this.#scheduler.nowMs);
    try {
      download!.select(choose);
      this.#choose = choose;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
    }
  }

  get #isUndisturbed(): boolean {
    return !this.#hadFaults && this.#strangers.done.length === 0;
  }

  #onWrite(at: string, inode: Inode): void {
    if (this.#strangers.isTheirs(inode))
      throw new BrokenStorage('others-harmed', `the program writes into a file of others: ${at}`);
    this.#strangers.onWrite(inode);
  }

  /** A start may read only the pieces that the record leaves in doubt. */
  #checkFound(prepared: PreparedDownload, checked: number): void {
    for (const i of this.#plan.album.metainfo.geometry.pieces())
      if (isIn(prepared.have, i)) this.#work.onFound(i, this.#scheduler.nowMs);
    const most = this.#records.doubtful(this.#records.current, prepared);
    if (this.#isAllWanted && checked > most)
      throw new BrokenStorage('hashed-again', `${checked} pieces were read, and ${most} were in doubt`);
  }

  get #isAllWanted(): boolean {
    return this.#plan.album.metainfo.files.every((file) => file.isPad || this.#choose(file) !== false);
  }

  #onNamed(at: string, inode: Inode, { isStopping, download }: Life): void {
    if (at.startsWith(stateFolder)) {
      const isUndisturbed = this.#isUndisturbed;
      this.#records.onNamed(inode, this.#prepared, { isStopping, isUndisturbed });
      const record = recordIn(inode.bytes);
      // After `copy`, the file is another inode with the same bytes.
      const wasCopied = this.#strangers.done.some((deed) => deed.startsWith('copy'));
      if (!wasCopied) this.#strict.checkClean(record, download);
      if (this.#prepared !== undefined) this.#strict.checkBelieved(record, this.#prepared);
      return;
    }
    // Another program replaced the file after the client's last inspection: the client finds that next.
    if (this.#strangers.isTheirs(inode)) return;
    for (const { index, isPad } of this.#plan.album.metainfo.files) {
      if (isPad || this.#look.at(this.#look.finalPath(index)) !== inode) continue;
      this.#work.onNamed(this.#look.piecesIn(index), this.#scheduler.nowMs);
      if (!this.#look.isWhole(index))
        throw new BrokenStorage('named-unverified', `${this.#look.finalPath(index)} has not its bytes`);
      if (!this.#strangers.isCovered(inode)) this.#strict.checkNamed(index, inode);
    }
  }
}
