/** The jobs of a storage thread: store one piece, check one piece, or sync files. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FileStamp } from '../../../client/host/disk/file-stamp.ts';
import { stampFrom } from '../../../client/host/disk/file-stamp.ts';
import {
  type ExpectedHashes,
  runStorageJob,
  type StorageJob,
  type StoreSegment,
} from '../../../client/host/storage/storage-job.ts';
import { TestDrive } from '../test-drive.ts';

const leafBytes = 16 * 1024;
/** A zero ends the part of the first file, as it would be read where that file is too short. */
const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => (i === 9_999 ? 0 : 1 + (i % 251)));
const digest = (algorithm: 'sha1' | 'sha256', ...parts: readonly Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest();

/** The root of three leaves, in a tree of four or eight. */
function rootOf(content: Uint8Array, width: number): Uint8Array {
  let row = Array.from({ length: width }, (_, i) => {
    const leaf = content.subarray(i * leafBytes, (i + 1) * leafBytes);
    return leaf.length === 0 ? Buffer.alloc(32) : digest('sha256', leaf);
  });
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) => digest('sha256', row[2 * i]!, row[2 * i + 1]!));
  }
  return row[0]!;
}

const sha1 = digest('sha1', bytes);
const root = { hash: rootOf(bytes, 4), bytes: bytes.length, width: 4 };
const wrong = Buffer.alloc(32, 1);
const v1: ExpectedHashes = { sha1, root: undefined };

let test: TestDrive;
const stampAt = (at: string): FileStamp => stampFrom(test.fs.lstat(at))!;
const file = (name: string, state: 'part' | 'foreign' = 'part') => {
  const place = { finalPath: `/out/${name}`, partPath: `/out/${name}.part`, state };
  return { ...place, seen: stampAt(state === 'part' ? place.partPath : place.finalPath) };
};
const segment = (name: string, offset: number, count: number, position = 0, state?: 'foreign') =>
  ({
    ...{ file: file(name, state), descriptor: undefined },
    ...{ position, bytes: count, offset },
  }) satisfies StoreSegment;

beforeEach(() => {
  test = new TestDrive();
  test.fs.mkdir('/out');
  for (const name of ['a', 'b', 'c']) test.write(`/out/${name}.part`, new Uint8Array(0));
});

const run = (job: Omit<StorageJob, 'id'>) => runStorageJob(test.fs, { ...job, id: 7 } as StorageJob);

function store(segments: readonly StoreSegment[], expected = v1, wantDigests = false, content = bytes) {
  const shared = new SharedArrayBuffer(content.length + 100);
  new Uint8Array(shared).set(content, 100);
  const piece = { shared, offset: 100, bytes: content.length, inArena: false };
  return run({ piece, expected, segments, wantDigests });
}

describe('storing a piece', () => {
  const isTaken = (expected: ExpectedHashes) =>
    store([segment('a', 0, bytes.length)], expected).outcome === 'stored';

  it('a piece is right when at least one hash is known and all known hashes match', () => {
    expect(isTaken(v1)).toBe(true);
    expect(isTaken({ sha1: undefined, root })).toBe(true);
    expect(isTaken({ sha1, root })).toBe(true);
    expect(isTaken({ sha1: wrong.subarray(0, 20), root })).toBe(false);
    expect(isTaken({ sha1, root: { ...root, hash: wrong } })).toBe(false);
    expect(isTaken({ sha1: undefined, root: undefined })).toBe(false);
  });

  it('a piece has a Merkle root over the bytes of its file alone, in a tree as wide as its layer requires', () => {
    const padded = Buffer.concat([bytes, Buffer.alloc(20_000)]);
    const wide = { hash: rootOf(bytes, 8), bytes: bytes.length, width: 8 };
    const all = [segment('a', 0, bytes.length)];
    expect(store(all, { sha1: undefined, root: wide }, false, padded).outcome).toBe('stored');
    expect(store(all, { sha1: undefined, root: { ...wide, width: 4 } }, false, padded).outcome).toBe(
      'corrupt',
    );
  });

  it('a piece is written to the right place in each of its files, also by a disk with short writes', () => {
    test.temper.shortWritesPpm = 1_000_000;
    test.write('/out/a.part', new Uint8Array(10_100));
    const { outcome, stamps } = store([
      segment('a', 0, 10_000, 100),
      segment('b', 10_000, 9),
      segment('c', 10_009, 29_991, 5),
    ]);
    expect(outcome).toBe('stored');
    expect(test.bytesAt('/out/a.part')!.subarray(100)).toEqual(bytes.subarray(0, 10_000));
    expect(test.bytesAt('/out/b.part')).toEqual(bytes.subarray(10_000, 10_009));
    expect(test.bytesAt('/out/c.part')!.subarray(5)).toEqual(bytes.subarray(10_009));
    expect(stamps).toEqual(['a', 'b', 'c'].map((name) => stampAt(`/out/${name}.part`)));
    expect(test.fs.openPaths).toEqual([]);
  });

  it('a piece that one file refuses reports the stamps of the files so far and leaves none open', () => {
    test.failing.set('write b.part', 'ENOSPC');
    const result = store([segment('a', 0, 10_000), segment('b', 10_000, 9), segment('c', 10_009, 100)]);
    expect(result).toMatchObject({ outcome: 'failed', code: 'ENOSPC' });
    expect(result.stamps).toEqual([stampAt('/out/a.part'), stampAt('/out/b.part')]);
    expect(test.bytesAt('/out/c.part')).toHaveLength(0);
    expect(test.fs.openPaths).toEqual([]);
  });

  it('a piece keeps a file open that the main thread has opened', () => {
    const descriptor = test.fs.open('/out/a.part', 'write');
    store([{ ...segment('a', 0, bytes.length), descriptor }]);
    expect(test.fs.openPaths).toEqual(['/out/a.part']);
    expect(test.bytesAt('/out/a.part')).toEqual(bytes);
  });

  it('a piece reports a digest of each block only when it is corrupt or on request', () => {
    const blocks = [0, leafBytes, 2 * leafBytes].map((at) =>
      digest('sha1', bytes.subarray(at, at + leafBytes)).toString('hex'),
    );
    const all = [segment('a', 0, bytes.length)];
    expect(store(all, { sha1: wrong, root: undefined })).toMatchObject({
      outcome: 'corrupt',
      digests: blocks,
    });
    expect(store(all, v1, true)).toMatchObject({ outcome: 'stored', digests: blocks });
    expect('digests' in store(all)).toBe(false);
  });

  it.each([
    ['as long and different', 10_000, 1, 'failed'],
    ['shorter', 9_999, 0, 'failed'],
    ['the same', 10_000, 0, 'stored'],
  ])(
    'a piece is compared with a preexisting file that is %s, and nothing is written there',
    (_, count, change, outcome) => {
      const there = bytes.slice(0, count);
      there[count - 1]! ^= change;
      test.write('/out/a', there);
      const result = store([segment('a', 0, 10_000, 0, 'foreign'), segment('b', 10_000, 30_000)]);
      expect(result).toMatchObject({ outcome, ...(outcome === 'failed' && { code: 'EEXIST' }) });
      expect(test.bytesAt('/out/a')).toEqual(there);
      // Its stamp is not from the client's writing.
      expect(result.stamps![0]).toBeUndefined();
    },
  );

  it('a piece is not written into a file that has replaced the client’s own', () => {
    const ours = segment('a', 0, bytes.length);
    test.fs.remove('/out/a.part');
    test.write('/out/b.part', Uint8Array.of(1));
    test.fs.rename('/out/b.part', '/out/a.part');
    expect(store([ours])).toMatchObject({ outcome: 'failed', code: 'EREPLACED' });
    expect(test.bytesAt('/out/a.part')).toEqual(Uint8Array.of(1));
  });
});

describe('checking a piece on the disk', () => {
  const places = [
    { path: '/out/a.part', position: 50, bytes: 10_000, offset: 0 },
    { path: '/out/b.part', position: 0, bytes: 30_000, offset: 10_000 },
  ];
  const check = (expected: ExpectedHashes = v1) =>
    run({ bytes: bytes.length, expected, segments: places }).outcome;
  beforeEach(() => {
    test.write('/out/a.part', bytes.subarray(0, 10_000), 50);
    test.write('/out/b.part', bytes.subarray(10_000));
  });

  it('a piece on the disk is right when its runs are right in their places', () => {
    expect([check(), check({ sha1: wrong, root: undefined }), check({ sha1, root })]).toEqual([
      'stored',
      'corrupt',
      'stored',
    ]);
  });

  it('a piece on the disk is not right when a file is too short, missing or unreadable; and no file stays open', () => {
    test.failing.set('read b.part', 'EIO');
    expect(check()).toBe('corrupt');
    test.failing.clear();
    test.fs.truncate('/out/b.part', 29_999);
    expect(check()).toBe('corrupt');
    test.fs.remove('/out/b.part');
    expect(check()).toBe('corrupt');
    expect(test.fs.openPaths).toEqual([]);
  });
});

describe('syncing files', () => {
  const sync = () => run({ sync: ['a', 'b', 'c'].map((name) => file(name)) });

  it('synced files are reported with their stamps from the beginning of the fsync', () => {
    const before = ['a', 'b', 'c'].map((name) => ({ stamp: stampAt(`/out/${name}.part`) }));
    // Written during the fsync: that is not on the disk.
    test.at('sync b.part', () => test.write('/out/b.part', bytes));
    expect(sync()).toMatchObject({ outcome: 'stored', synced: before });
    expect(stampAt('/out/b.part')).not.toEqual(before[1]!.stamp);
  });

  it('files are synced independently: a failure affects no other file, and only a failed fsync may lose data', () => {
    test.failing.set('sync a.part', 'EIO').set('open b.part', 'EMFILE');
    const { outcome, synced } = sync();
    expect(outcome).toBe('stored');
    expect(synced).toMatchObject([
      { trouble: { code: 'EIO' }, isDropped: true },
      { trouble: { code: 'EMFILE' }, isDropped: false },
      { stamp: stampAt('/out/c.part') },
    ]);
    expect(test.fs.openPaths).toEqual([]);
  });
});
