/**
 * One life of a program on the simulated disk: its calls, its timers, its threads, until it ends, is killed, or the power
 * goes. What was under way then never comes to anything.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Timers } from '../../../client/host/disk/timers.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Drive } from '../world/file-system/drive.ts';
import type { DriveTemper } from '../world/file-system/drive-temper.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { WholeSimFiles } from '../world/file-system/sim-files-later.ts';
import { SimJobs } from './sim-jobs.ts';

/** What a call of a program throws that is not there any more. */
class ProgramIsOver extends Error {}

export interface ProgramOptions {
  readonly scheduler: Scheduler;
  readonly drive: Drive;
  readonly random: Prng;
  readonly temper: DriveTemper;
  readonly descriptorsArePaths: boolean;
  /** An fsync takes so long at most, and so does a storage thread on each of its two ways. */
  readonly syncMsMax: number;
  readonly jobMsMax: number;
  /** The power goes before this call; undefined: not at all. */
  readonly cutAtStep: number | undefined;
  /** It goes so many calls after this record is begun: 1 is the first. Undefined: not at all. */
  readonly cutAtRecord: { readonly nth: number; readonly steps: number } | undefined;
  readonly onNamed: (path: string, inode: Inode) => void;
  readonly onWrite: (path: string, inode: Inode) => void;
  /** Before each call. */
  readonly onCall: (call: string, at: string) => void;
  /** Something has failed that must not. */
  readonly onThrown: (error: unknown) => void;
}

export class Program {
  readonly fs: WholeSimFiles;
  readonly jobs: SimJobs;
  readonly timers: Timers;
  steps = 0;
  #isOver = false;
  #cutAtStep: number | undefined;
  wasCut = false;
  #records = 0;
  readonly #options: ProgramOptions;

  constructor(options: ProgramOptions) {
    const { scheduler, drive, random, temper, descriptorsArePaths, syncMsMax, jobMsMax } = options;
    this.#options = options;
    this.#cutAtStep = options.cutAtStep;
    const onStep = (call: string, at: string) => this.#step(call, at);
    const onNamed = (at: string, inode: Inode) => this.#check(() => options.onNamed(at, inode));
    const onWrite = (at: string, inode: Inode) => this.#check(() => options.onWrite(at, inode));
    const life = { drive, random, temper, onStep, onNamed, onWrite };
    const within = (ms: number) => (run: () => void) => this.after(random.below(ms + 1), run);
    this.fs = new WholeSimFiles(life, descriptorsArePaths, within(3), within(syncMsMax));
    this.jobs = new SimJobs(this.fs, within(jobMsMax));
    this.timers = { nowMs: () => scheduler.nowMs, after: (ms, run) => this.after(Math.ceil(ms), run) };
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs it later. Answers how to take it back. */
  after(ms: number, run: () => void): () => void {
    return this.#options.scheduler.after(ms, () => this.act(run));
  }

  /** Runs it, unless the program is over; it may end meanwhile. */
  act(run: () => void): void {
    if (this.#isOver) return;
    try {
      run();
    } catch (error) {
      if (!this.#isOver) this.#options.onThrown(error);
    }
  }

  /** What is thrown in the middle of a call, the program would take for the disk's trouble. */
  #check(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.onThrown(error);
    }
  }

  /** It ends from one moment to the next; the system goes on. */
  kill(): void {
    this.#isOver = true;
  }

  /** The power goes before the call that is so many calls away. */
  cutIn(steps: number): void {
    this.#cutAtStep = this.steps + steps;
  }

  #step(call: string, at: string): void {
    if (this.#isOver) throw new ProgramIsOver();
    this.steps += 1;
    this.#options.onCall(call, at);
    const { cutAtRecord } = this.#options;
    if (cutAtRecord !== undefined && call === 'open' && at.endsWith('.tmp')) {
      this.#records += 1;
      if (this.#records === cutAtRecord.nth) this.cutIn(cutAtRecord.steps);
    }
    if (this.steps !== this.#cutAtStep) return;
    this.#isOver = true;
    this.wasCut = true;
    this.#options.drive.cutPower(this.#options.random);
    throw new ProgramIsOver();
  }
}
