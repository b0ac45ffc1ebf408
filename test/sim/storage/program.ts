/**
 * One life of a program on the simulated disk: its calls, timers and threads, until it stops, is killed, or
 * the power is cut. Work that was under way is never completed.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Timers } from '../../../client/host/disk/timers.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Drive } from '../world/file-system/drive.ts';
import type { DriveTemper } from '../world/file-system/drive-temper.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { WholeSimFiles } from '../world/file-system/sim-files-later.ts';
import { SimJobs } from './sim-jobs.ts';

/** Thrown by a call of a program that has ended. */
class ProgramIsOver extends Error {}

export interface ProgramOptions {
  readonly scheduler: Scheduler;
  readonly drive: Drive;
  readonly random: Prng;
  readonly temper: DriveTemper;
  readonly descriptorsArePaths: boolean;
  /** The longest time of an fsync. A storage job takes at most `jobMsMax` each way. */
  readonly syncMsMax: number;
  readonly jobMsMax: number;
  /** The power is cut before this call; undefined: never. */
  readonly cutAtStep: number | undefined;
  /** The power is cut `steps` calls after the `nth` record is begun (1 is the first); undefined: never. */
  readonly cutAtRecord: { readonly nth: number; readonly steps: number } | undefined;
  readonly onNamed: (path: string, inode: Inode) => void;
  readonly onWrite: (path: string, inode: Inode) => void;
  /** Called before each call. */
  readonly onCall: (call: string, at: string) => void;
  /** Called with an error that must not occur. */
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

  /** Runs it later, unless the program has ended by then. Returns the function that cancels it. */
  after(ms: number, run: () => void): () => void {
    return this.#options.scheduler.after(ms, () => this.act(run));
  }

  /** Runs it unless the program has ended. The program may end during the run. */
  act(run: () => void): void {
    if (this.#isOver) return;
    try {
      run();
    } catch (error) {
      if (!this.#isOver) this.#options.onThrown(error);
    }
  }

  /** Catches errors of checks: inside a call, the program would take them for disk errors. */
  #check(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.onThrown(error);
    }
  }

  /** Ends the program at once. The system keeps running. */
  kill(): void {
    this.#isOver = true;
  }

  /** Cuts the power before the call this many calls ahead. */
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
