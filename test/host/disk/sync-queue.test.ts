/** Many files that are complete at once: how they are synced before they get their final names. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { Beneath } from '../../../client/host/disk/beneath.ts';
import { makePart } from '../../../client/host/disk/part-file.ts';
import { SyncQueue } from '../../../client/host/disk/sync-queue.ts';
import {
  type NewJob,
  runStorageJob,
  type StorageJobs,
  type StoreResult,
} from '../../../client/host/storage/storage-job.ts';
import type { StoredFile } from '../../../client/host/storage/stored-file.ts';
import { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { drawAlbum } from '../../sim/storage/album.ts';
import { Drive } from '../../sim/world/file-system/drive.ts';
import { healthyDrive } from '../../sim/world/file-system/drive-temper.ts';
import { WholeSimFiles } from '../../sim/world/file-system/sim-files-later.ts';

const piece = 0 as PieceIndex;

/** The production job on the simulated disk; each runs when the test says so. */
class HeldJobs implements StorageJobs {
  readonly held: (() => void)[] = [];
  readonly sizes: number[] = [];
  /** The thread of the next job dies with it. */
  dies = false;
  readonly #fs: WholeSimFiles;

  constructor(fs: WholeSimFiles) {
    this.#fs = fs;
  }

  run(job: NewJob, answer: (result: StoreResult) => void): void {
    this.sizes.push('sync' in job ? job.sync.length : 0);
    const died = { id: 0, outcome: 'failed', code: 'EIO', message: 'the storage thread ended' } as const;
    const { dies } = this;
    this.held.push(() => answer(dies ? died : runStorageJob(this.#fs, { ...job, id: 0 })));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

let fs: WholeSimFiles;
let jobs: HeldJobs;
let queue: SyncQueue;
let files: TorrentFiles;
let synced: string[];
let failing: Set<string>;
let stored: StoredFile[];

function makeFiles(count: number): StoredFile[] {
  return Array.from({ length: count }, (_, i) => {
    const finalPath = `/music/${i}.txt`;
    const file: StoredFile = {
      file: { ...drawAlbum(new Prng(1)).metainfo.files[0]!, index: i },
      finalPath,
      partPath: `${finalPath}.part`,
      state: 'part',
      seen: undefined,
      lost: undefined,
      isWanted: true,
      missingBytes: 0,
    };
    makePart(file, files.beneath);
    files.unforced.add(file, piece);
    return file;
  });
}

beforeEach(() => {
  const drive = new Drive({ device: 1n, tickMs: 1, isJournalled: true, isOrdered: true }, () => 0);
  synced = [];
  failing = new Set();
  const onStep = (call: string, at: string) => {
    if (call === 'sync') synced.push(at);
    if (failing.has(`${call} ${at}`)) throw Object.assign(new Error(`EIO: ${at}`), { code: 'EIO' });
  };
  const life = { drive, random: new Prng(1), temper: healthyDrive(), onStep };
  fs = new WholeSimFiles(life, true, (run) => run());
  fs.mkdir('/music');
  const { layout, geometry } = drawAlbum(new Prng(1)).metainfo;
  const side = { place: {}, path: '', positionOf: () => undefined };
  files = new TorrentFiles(layout, geometry, [], {
    beneath: new Beneath('/music', fs),
    sideFile: () => side as never,
  });
  jobs = new HeldJobs(fs);
  queue = new SyncQueue(jobs);
  stored = makeFiles(200);
});

function carryOutAll(): void {
  for (let job = jobs.held.shift(); job !== undefined; job = jobs.held.shift()) job();
}

describe('files that are complete at once', () => {
  it('complete files are synced by four jobs at a time, of at most 16 files each', () => {
    queue.force(files, stored, () => {});
    let most = 0;
    for (let job = jobs.held.shift(); job !== undefined; job = jobs.held.shift()) {
      most = Math.max(most, jobs.held.length + 1);
      job();
    }
    expect(most).toBe(4);
    expect(Math.max(...jobs.sizes)).toBeLessThanOrEqual(16);
  });

  it('complete files are synced once each, and the caller is answered once, after the last', () => {
    const told: unknown[] = [];
    queue.force(files, stored, (trouble) => told.push([trouble, synced.length]));
    carryOutAll();
    expect(told).toEqual([[undefined, 200]]);
    expect(new Set(synced).size).toBe(200);
    expect(stored.every((file) => file.synced?.inode === file.seen?.inode)).toBe(true);
  });

  it('complete files are not synced again for the record: no piece in them waits for an fsync', () => {
    queue.force(files, stored.slice(0, 2), () => {});
    // Written while the fsync is under way, which may have begun before.
    files.unforced.add(stored[1]!, 1 as PieceIndex);
    carryOutAll();
    expect(files.unforced.in(stored[0]!)).toEqual([]);
    expect(files.unforced.in(stored[1]!)).toEqual([1]);
  });

  it('complete files wait for each other within one piece only', () => {
    const done: string[] = [];
    queue.force(files, stored.slice(0, 1), () => done.push('small'));
    queue.force(files, stored.slice(1), () => done.push('large'));
    jobs.held.shift()!();
    expect(done).toEqual(['small']);
    carryOutAll();
    expect(done).toEqual(['small', 'large']);
  });
});

describe('files that cannot be synced', () => {
  const troubles: unknown[] = [];
  beforeEach(() => {
    troubles.length = 0;
    failing.add('sync /music/3.txt.part');
  });

  it('a file that cannot be synced fails its own piece, and others synced with it get their final names', () => {
    const told: unknown[] = [];
    queue.force(files, stored.slice(0, 3), (trouble) => told.push(trouble?.code));
    queue.force(files, stored.slice(3, 6), (trouble) => told.push(trouble?.code));
    carryOutAll();
    expect(told.sort()).toEqual(['EIO', undefined]);
    expect(stored.slice(0, 6).map((file) => file.synced !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(files.unforced.failures(stored[3]!)).toBe(1);
    expect(files.unforced.failures(stored[4]!)).toBe(0);
  });

  it('a file that cannot even be opened for an fsync has lost nothing', () => {
    failing.add('open /music/4.txt.part');
    queue.force(files, [stored[4]!], (trouble) => troubles.push(trouble?.code));
    carryOutAll();
    expect(troubles).toEqual(['EIO']);
    expect(files.unforced.failures(stored[4]!)).toBe(0);
    expect(files.unforced.in(stored[4]!)).toEqual([piece]);
  });

  it('a file whose fsync fails does not count as synced any more', () => {
    failing.clear();
    queue.force(files, [stored[3]!], () => {});
    carryOutAll();
    expect(stored[3]!.synced).toBeDefined();
    failing.add('sync /music/3.txt.part');
    queue.force(files, [stored[3]!], () => {});
    carryOutAll();
    expect(stored[3]!.synced).toBeUndefined();
  });

  it('a piece fails with the first error of its files, after the last file', () => {
    failing.add('open /music/5.txt.part');
    queue.force(files, stored.slice(2, 6), (trouble) => troubles.push(trouble?.message));
    while (jobs.held.length > 0) {
      expect(troubles).toEqual([]);
      jobs.held.shift()!();
    }
    expect(troubles).toEqual(['EIO: /music/3.txt.part']);
  });

  it('a storage thread that dies may have lost written bytes, and other files continue', () => {
    failing.clear();
    const told: unknown[] = [];
    jobs.dies = true;
    queue.force(files, [stored[0]!], (trouble) => told.push(trouble?.code));
    jobs.dies = false;
    queue.force(files, [stored[1]!], (trouble) => told.push(trouble?.code));
    carryOutAll();
    expect(told).toEqual(['EIO', undefined]);
    expect(stored.slice(0, 2).map((file) => files.unforced.failures(file))).toEqual([1, 0]);
    // No fsync is under way any more: the next one counts.
    files.unforced.add(stored[0]!, piece);
    queue.force(files, [stored[0]!], (trouble) => told.push(trouble?.code));
    carryOutAll();
    expect([told.at(-1), files.unforced.in(stored[0]!)]).toEqual([undefined, []]);
  });
});

it('files count as being written until the caller of the fsync was answered', async () => {
  const order: string[] = [];
  queue.force(files, stored.slice(0, 2), () => order.push('told'));
  const settled = files.writes.settled().then(() => order.push('settled'));
  await null;
  expect(order).toEqual([]);
  carryOutAll();
  await settled;
  expect(order).toEqual(['told', 'settled']);
});
