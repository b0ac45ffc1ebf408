/**
 * Runs consecutive seeds on several processes, up to the lowest seed that fails, whichever process is faster.
 * A seed that exceeds its time has failed as well, and its process is killed: an endless loop must not hang
 * the run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { SwarmPlan } from '../plan/schema.ts';
import type { RunResult } from '../runner/result.ts';
import type { SeedDone } from './seed-worker.ts';

/**
 * A drawn swarm takes a tenth of a second. One in thousands takes half a minute, and longer on a loaded
 * machine.
 */
const seedMsMaxDefault = 180_000;

export interface SeedsOutcome {
  /** Seeds that passed, without the failed one. */
  readonly passed: number;
  readonly events: number;
  readonly completed: number;
  readonly failure: SeedFailure | undefined;
}

export type SeedFailure =
  | { readonly seed: number; readonly kind: 'failed'; readonly result: RunResult }
  /** The process of the seed ended, or was killed. */
  | { readonly seed: number; readonly kind: 'lost'; readonly reason: string };

export interface SeedRange {
  readonly from: number;
  readonly count: number;
  readonly jobs: number;
  /** The worker of another source tree, when code of that tree is tested. */
  readonly worker?: URL;
  /** A seed that takes longer than this has failed. */
  readonly seedMsMax?: number;
}

const ownWorker = new URL(`./seed-worker${extname(import.meta.url)}`, import.meta.url);
/** Node's default compile cache: it halves the start time of a worker. */
const compiled = join(tmpdir(), 'node-compile-cache');

/** `onPassed` is called with the number of seeds that have passed. */
export function runSeeds(
  range: SeedRange,
  onPassed: (count: number) => void = () => {},
): Promise<SeedsOutcome> {
  return new Promise((resolve) => {
    const pool = new SeedPool(range, onPassed, resolve);
    pool.start();
  });
}

/** Runs one plan in a process of its own. Undefined when there is no result within `msMax`. */
export function askWorker(worker: URL, plan: SwarmPlan, msMax: number): Promise<RunResult | undefined> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(worker), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const watchdog = setTimeout(() => child.kill('SIGKILL'), msMax);
    child.on('message', ({ result }: SeedDone) => {
      resolve(result);
      child.disconnect();
    });
    child.on('exit', () => {
      clearTimeout(watchdog);
      resolve(undefined);
    });
    child.send(plan);
  });
}

interface Worker {
  readonly process: ChildProcess;
  seed: number;
  watchdog: NodeJS.Timeout | undefined;
}

class SeedPool {
  readonly #range: SeedRange;
  readonly #onPassed: (count: number) => void;
  readonly #resolve: (outcome: SeedsOutcome) => void;
  readonly #workers = new Set<Worker>();
  readonly #seedMsMax: number;
  #next: number;
  #end: number;
  #passed = 0;
  #events = 0;
  #completed = 0;
  #failure: SeedFailure | undefined;

  constructor(range: SeedRange, onPassed: (count: number) => void, resolve: (outcome: SeedsOutcome) => void) {
    this.#range = range;
    this.#onPassed = onPassed;
    this.#resolve = resolve;
    this.#seedMsMax = range.seedMsMax ?? seedMsMaxDefault;
    this.#next = range.from;
    this.#end = range.from + range.count;
  }

  start(): void {
    for (let i = 0; i < Math.min(this.#range.jobs, this.#range.count); i++) this.#hire();
  }

  #hire(): void {
    const child = fork(fileURLToPath(this.#range.worker ?? ownWorker), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A tree of mutants is new each time, so a compile cache of it would be useless.
      env: this.#range.worker === undefined ? { NODE_COMPILE_CACHE: compiled, ...process.env } : process.env,
    });
    const worker: Worker = { process: child, seed: -1, watchdog: undefined };
    this.#workers.add(worker);
    let said = '';
    child.stderr!.on('data', (text) => {
      said = `${said}${text}`.slice(-4_000);
    });
    child.on('message', (done) => this.#onDone(worker, done as SeedDone));
    child.on('exit', (code, signal) => this.#onExit(worker, signal ?? `code ${code}`, said));
    this.#give(worker);
  }

  #give(worker: Worker): void {
    if (this.#next >= this.#end) return void worker.process.disconnect();
    worker.seed = this.#next++;
    worker.watchdog = setTimeout(() => worker.process.kill('SIGKILL'), this.#seedMsMax);
    worker.process.send(worker.seed);
  }

  #onDone(worker: Worker, { seed, result }: SeedDone): void {
    clearTimeout(worker.watchdog);
    worker.watchdog = undefined;
    this.#events += result.events;
    this.#completed += result.completed;
    if (result.failure !== undefined) this.#fail({ seed, kind: 'failed', result });
    else this.#onPassed(++this.#passed);
    this.#give(worker);
  }

  #onExit(worker: Worker, how: string, said: string): void {
    this.#workers.delete(worker);
    if (worker.watchdog !== undefined) {
      clearTimeout(worker.watchdog);
      const reason =
        how === 'SIGKILL'
          ? `no result within ${this.#seedMsMax / 1000} s`
          : `its process ended with ${how}\n${said}`;
      this.#fail({ seed: worker.seed, kind: 'lost', reason });
    }
    if (this.#workers.size > 0) return;
    this.#resolve({
      passed: this.#passed,
      events: this.#events,
      completed: this.#completed,
      failure: this.#failure,
    });
  }

  /** No later seed is started any more; earlier seeds are awaited. */
  #fail(failure: SeedFailure): void {
    if (this.#failure === undefined || failure.seed < this.#failure.seed) this.#failure = failure;
    this.#end = Math.min(this.#end, this.#failure.seed);
  }
}
