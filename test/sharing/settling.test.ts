import { describe, expect, it } from 'vitest';
import type { FolderListing } from '../../client/sharing/folder-listing.ts';
import { settling } from '../../client/sharing/settling.ts';

const times = { settleMs: 2_000, retryMs: 10_000 };

function listing(files: Record<string, number>): FolderListing {
  const stamps = Object.entries(files).map(([name, bytes]) => {
    return [name, { bytes, mtimeNs: '1', ctimeNs: '1', inode: '1' }] as const;
  });
  return new Map(stamps);
}

/** A folder whose contents and clock are set by the test. */
class Scene {
  files: Record<string, number> | Error = {};
  /** What report() does; it may be slow. */
  work: () => Promise<void> = async () => {};
  readonly reports: Record<string, number>[] = [];
  readonly troubles: unknown[] = [];
  readonly settling;
  #timer: { readonly ms: number; readonly callback: () => void } | undefined;

  constructor(known?: Record<string, number>) {
    this.settling = settling(
      known && listing(known),
      {
        list: async () => {
          if (this.files instanceof Error) throw this.files;
          return listing(this.files);
        },
        report: async () => {
          const files = this.files as Record<string, number>;
          await this.work();
          this.reports.push({ ...files });
        },
        onTrouble: (error) => this.troubles.push(error),
        after: (ms, callback) => {
          expect(this.#timer, 'one timer at a time').toBeUndefined();
          this.#timer = { ms, callback };
          return () => {
            this.#timer = undefined;
          };
        },
      },
      times,
    );
  }

  /** Fires the pending timer and returns its delay; undefined if no timer is pending. */
  async pass(): Promise<number | undefined> {
    const timer = this.#timer;
    this.#timer = undefined;
    timer?.callback();
    // Promises only: no time passes.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    return timer?.ms;
  }

  /** Fires timers until none is pending, and returns their number. */
  async rest(): Promise<number> {
    for (let count = 0; ; count++) {
      if ((await this.pass()) === undefined) return count;
      expect(count).toBeLessThan(20);
    }
  }
}

describe('a folder', () => {
  it('a folder that is not touched is never listed', async () => {
    expect(await new Scene().rest()).toBe(0);
  });

  it('a folder is reported once two listings are equal, however often it was touched', async () => {
    const scene = new Scene({});
    scene.files = { a: 1 };
    for (let i = 0; i < 100; i++) scene.settling.touch();
    expect(await scene.rest()).toBe(2);
    expect(scene.reports).toEqual([{ a: 1 }]);
  });

  it('a folder with a growing file is not reported before the file stops growing', async () => {
    const scene = new Scene({});
    scene.settling.touch();
    for (const bytes of [10, 20, 30]) {
      scene.files = { copy: bytes };
      await scene.pass();
    }
    expect(scene.reports).toEqual([]);
    await scene.rest();
    expect(scene.reports).toEqual([{ copy: 30 }]);
  });

  it('an unchanged folder is not reported', async () => {
    const scene = new Scene({ a: 1 });
    scene.files = { a: 1 };
    scene.settling.touch();
    await scene.rest();
    expect(scene.reports).toEqual([]);
  });

  it('a folder that was never reported is reported', async () => {
    const scene = new Scene();
    scene.settling.touch();
    await scene.rest();
    expect(scene.reports).toEqual([{}]);
  });

  it('a folder that changes during a report is reported again', async () => {
    const scene = new Scene({});
    scene.files = { a: 1 };
    scene.work = async () => {
      scene.work = async () => {};
      scene.files = { a: 1, b: 2 };
      scene.settling.touch();
    };
    scene.settling.touch();
    await scene.rest();
    expect(scene.reports).toEqual([{ a: 1 }, { a: 1, b: 2 }]);
  });
});

describe('trouble', () => {
  it('a folder that cannot be listed is trouble, and is listed again after the retry delay', async () => {
    const scene = new Scene({ a: 1 });
    scene.files = new Error('gone');
    scene.settling.touch();
    expect(await scene.pass()).toBe(times.settleMs);
    expect(scene.troubles).toEqual([scene.files]);
    scene.files = { a: 1 };
    expect(await scene.pass()).toBe(times.retryMs);
    await scene.rest();
    expect(scene.reports).toEqual([]);
  });

  it('lasting trouble is reported once, and again when it comes back', async () => {
    const scene = new Scene({ a: 1 });
    const gone = new Error('gone');
    scene.files = gone;
    scene.settling.touch();
    for (let i = 0; i < 5; i++) await scene.pass();
    expect(scene.troubles).toEqual([gone]);
    scene.files = { a: 1 };
    await scene.rest();
    scene.files = gone;
    scene.settling.touch();
    await scene.pass();
    expect(scene.troubles).toEqual([gone, gone]);
  });

  it('a report that fails is trouble, and is repeated', async () => {
    const scene = new Scene({});
    scene.files = { a: 1 };
    scene.work = async () => {
      scene.work = async () => {};
      throw new Error('the tracker does not answer');
    };
    scene.settling.touch();
    await scene.rest();
    expect(scene.troubles).toMatchObject([{ message: 'the tracker does not answer' }]);
    expect(scene.reports).toEqual([{ a: 1 }]);
  });
});

describe('stopping', () => {
  it('a stopped watch lists nothing', async () => {
    const scene = new Scene({});
    scene.files = { a: 1 };
    scene.settling.touch();
    await scene.settling.stop();
    scene.settling.touch();
    expect(await scene.rest()).toBe(0);
  });

  it('stopping waits for a report that is under way', async () => {
    const scene = new Scene({});
    scene.files = { a: 1 };
    const told = Promise.withResolvers<void>();
    scene.work = () => told.promise;
    scene.settling.touch();
    await scene.pass();
    await scene.pass();
    let isStopped = false;
    const stopped = scene.settling.stop().then(() => {
      isStopped = true;
    });
    await scene.pass();
    expect(isStopped).toBe(false);
    told.resolve();
    await stopped;
    expect(scene.reports).toEqual([{ a: 1 }]);
  });
});
