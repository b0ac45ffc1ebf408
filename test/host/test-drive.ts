/**
 * A disk in memory, threads and timers for tests of the storage code. All answer at once, or when the test
 * says so.
 */
import { Prng } from '../../client/engine/prng.ts';
import { type Steps, start } from '../../client/host/disk/steps.ts';
import type { Timers } from '../../client/host/disk/timers.ts';
import {
  type NewJob,
  runStorageJob,
  type StorageJobs,
  type StoreResult,
} from '../../client/host/storage/storage-job.ts';
import { Drive } from '../sim/world/file-system/drive.ts';
import { type DriveTemper, healthyDrive } from '../sim/world/file-system/drive-temper.ts';
import { WholeSimFiles } from '../sim/world/file-system/sim-files-later.ts';

/** Runs steps that wait for nothing. */
export function finished<T>(steps: Steps<T>): T {
  let outcome: { value: T } | { error: unknown } | undefined;
  start(steps).then(
    (value) => {
      outcome = { value };
    },
    (error) => {
      outcome = { error };
    },
  );
  if (outcome === undefined) throw new Error('it waits for something');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Threads that run jobs at once, or when the test says so. */
export class TestJobs implements StorageJobs {
  isHeld = false;
  readonly kinds: ('store' | 'sync' | 'check')[] = [];
  readonly held: { readonly kind: string; readonly run: () => void; readonly begin: () => () => void }[] = [];
  readonly #fs: WholeSimFiles;

  constructor(fs: WholeSimFiles) {
    this.#fs = fs;
  }

  run(job: NewJob, answer: (result: StoreResult) => void): void {
    const kind = 'sync' in job ? 'sync' : 'piece' in job ? 'store' : 'check';
    this.kinds.push(kind);
    const begin = () => {
      const result = runStorageJob(this.#fs, { ...job, id: 0 });
      return () => answer(result);
    };
    if (this.isHeld) this.held.push({ kind, begin, run: () => begin()() });
    else begin()();
  }

  /** Runs and answers all held jobs, and the jobs that follow from them. */
  runAll(): void {
    for (let job = this.held.shift(); job !== undefined; job = this.held.shift()) job.run();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Time stands still until the test moves it. */
export class TestTimers implements Timers {
  ms = 0;
  readonly waiting: { readonly atMs: number; readonly run: () => void }[] = [];

  nowMs(): number {
    return this.ms;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.ms + ms, run };
    this.waiting.push(timer);
    return () => {
      const at = this.waiting.indexOf(timer);
      if (at >= 0) this.waiting.splice(at, 1);
    };
  }

  /** Moves time; timers that are due on the way run in their order. */
  pass(ms: number): void {
    const end = this.ms + ms;
    for (;;) {
      const next = this.waiting
        .filter(({ atMs }) => atMs <= end)
        .reduce<(typeof this.waiting)[0] | undefined>((a, b) => (a && a.atMs <= b.atMs ? a : b), undefined);
      if (next === undefined) break;
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.ms = Math.max(this.ms, next.atMs);
      next.run();
    }
    this.ms = end;
  }
}

/** A disk in memory. `calls`: the calls so far, as `KIND NAME`. */
export class TestDrive {
  readonly calls: string[] = [];
  readonly temper: DriveTemper = healthyDrive();
  readonly drive: Drive;
  readonly fs: WholeSimFiles;
  /** Calls that fail, by `KIND NAME`, and their codes. */
  readonly failing = new Map<string, string>();
  readonly #acts = new Map<string, () => void>();
  /** Every call takes a millisecond. */
  #ms = 0;

  constructor() {
    this.drive = new Drive({ device: 1n, tickMs: 1, isJournalled: false, isOrdered: true }, () => this.#ms);
    const onStep = (kind: string, at: string) => {
      this.#ms += 1;
      const call = `${kind} ${at.split('/').at(-1)}`;
      this.calls.push(call);
      const act = this.#acts.get(call);
      this.#acts.delete(call);
      act?.();
      const code = this.failing.get(call);
      if (code !== undefined) throw Object.assign(new Error(`${code}: ${call}`), { code });
    };
    const life = { drive: this.drive, random: new Prng(1), temper: this.temper, onStep };
    this.fs = new WholeSimFiles(life, true, (run) => run());
  }

  /** Runs once, just before the next such call takes effect. An fsync has begun by then. */
  at(call: string, act: () => void): void {
    this.#acts.set(call, act);
  }

  /** The content as another program sees it. */
  bytesAt(at: string): Uint8Array | undefined {
    const inode = this.#inodeAt(at);
    return inode && Uint8Array.from(inode.bytes);
  }

  #inodeAt(at: string) {
    try {
      return this.drive.find(at, false).inode;
    } catch {
      return undefined;
    }
  }

  /** Another program writes, in place or to a new file. Not one of the recorded calls. */
  write(at: string, bytes: Uint8Array, position = 0): void {
    this.#ms += 1;
    const { drive } = this;
    const found = drive.find(at, false);
    const inode = found.inode ?? drive.create('file', drive.nowNs);
    if (found.inode === undefined) drive.rename([{ ...found, inode }], drive.nowNs);
    inode.write(position, bytes, drive.nowNs);
  }

  /** Names in a folder. */
  listing(folder: string): string[] {
    return [...(this.#inodeAt(folder)?.entries.keys() ?? [])].sort();
  }
}
