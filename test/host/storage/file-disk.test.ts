/** What is answered to a piece when files are lost, fail or are named meanwhile. */
import { describe, expect, it } from 'vitest';
import { StorageBench, torrent } from './storage-bench.ts';

const part = '/out/album/a.flac.part';
const trouble = { code: 'EIO', message: 'fsync' };
const held = (bench: StorageBench) => bench.jobs.held.map(({ kind }) => kind);

/** A bench whose threads work when they are told. */
function slow(): StorageBench {
  const bench = new StorageBench();
  bench.jobs.isHeld = true;
  return bench;
}

describe('a piece is not stored', () => {
  it('when an fsync of its file has failed after it was written, and may have thrown it away', () => {
    const bench = slow();
    bench.fetch(0);
    const tell = bench.jobs.held.shift()!.begin();
    bench.files.onSyncFailed(bench.file('a.flac'), trouble);
    tell();
    expect(bench.facts).toMatchObject([
      { type: 'piece-unstorable', pieceIndex: 0, trouble: { code: 'EIO' } },
    ]);
    expect(bench.has()).toEqual([]);
    bench.fetch(0);
    bench.jobs.runAll();
    expect(bench.has()).toEqual([0]);
  });

  it('when its file was lost and made anew while it was written', () => {
    const bench = slow();
    bench.fetch(0);
    const tell = bench.jobs.held.shift()!.begin();
    bench.test.fs.remove(part);
    bench.disk.watch.lookNow(torrent);
    bench.fetch(1);
    tell();
    expect(bench.facts).toMatchObject([{ type: 'piece-unstorable', pieceIndex: 0 }]);
    bench.jobs.runAll();
    expect(bench.has()).toEqual([1]);
  });

  it('when its file was lost while it was forced to the disk for its name', () => {
    const bench = slow();
    bench.fetch(2);
    bench.jobs.held.shift()!.run();
    expect(held(bench)).toEqual(['sync']);
    const tell = bench.jobs.held.shift()!.begin();
    bench.test.fs.remove(part);
    bench.disk.watch.lookNow(torrent);
    tell();
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-unstorable', pieceIndex: 2 });
    expect(bench.has()).toEqual([]);
    expect(bench.test.listing('/out/album')).toContain('b.txt.part');
  });

  it('when an fsync of another of its files has failed while one was forced for its name', () => {
    const bench = slow();
    bench.fetch(2);
    bench.jobs.held.shift()!.run();
    const tell = bench.jobs.held.shift()!.begin();
    bench.files.onSyncFailed(bench.file('c.flac'), trouble);
    tell();
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-unstorable', pieceIndex: 2 });
    expect(bench.has()).toEqual([]);
  });

  it('when the fsync for a name fails: what that file had is fetched again, and so is the piece', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.test.failing.set('sync a.flac.part', 'EIO');
    bench.fetch(2);
    expect(bench.lost()).toEqual([0, 1]);
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-unstorable', pieceIndex: 2 });
    expect(bench.has()).toEqual([]);
    bench.test.failing.clear();
    bench.fetchAll();
    expect(bench.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  });

  it('in files of which only one of several takes it', () => {
    const bench = new StorageBench();
    bench.test.failing.set('write c.flac.part', 'ENOSPC');
    bench.fetch(2);
    expect(bench.facts).toMatchObject([{ type: 'piece-unstorable', trouble: { code: 'ENOSPC' } }]);
    expect([bench.has(), bench.file('b.txt').missingBytes]).toEqual([[], 10]);
    expect(bench.test.listing('/out/album')).toContain('b.txt.part');
    bench.test.failing.clear();
    bench.fetch(2);
    expect(bench.has()).toEqual([2]);
  });

  it('when it is corrupt, though others of its file are right; and nothing of it is written', () => {
    const bench = new StorageBench();
    bench.fetch(1);
    const before = bench.test.bytesAt(part);
    bench.fetch(0, false);
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-corrupt', pieceIndex: 0 });
    expect(bench.test.bytesAt(part)).toEqual(before);
    expect(bench.has()).toEqual([1]);
  });
});

describe('a file that has all its bytes', () => {
  it('is forced to the disk by a thread before it has its name, and not once more for the record', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    // One thread each.
    expect(bench.jobs.kinds).toEqual(['store', 'store', 'store', 'sync', 'sync']);
    const of = (call: string) => bench.test.calls.filter((made) => made === call);
    expect([of('sync a.flac.part'), of('sync b.txt.part')].map(({ length }) => length)).toEqual([1, 1]);
    bench.test.calls.length = 0;
    expect(bench.flush()).toEqual([0, 1, 2]);
    // The last of the three files is under way: its part of the piece was not forced with the others.
    expect(bench.test.calls).toContain('sync c.flac.part');
    expect(bench.test.calls).not.toContain('sync a.flac');
    expect(bench.test.calls).not.toContain('sync b.txt');
  });

  it('by another piece that came while its last one waited for an fsync is forced by a thread, too', () => {
    const bench = slow();
    bench.fetch(0);
    bench.jobs.held.shift()!.run();
    bench.fetch(2);
    bench.jobs.held.shift()!.run();
    // The small one is whole with this piece, and the first one is not.
    const sync = bench.jobs.held.shift()!;
    bench.fetch(1);
    bench.jobs.held.shift()!.run();
    sync.run();
    expect(held(bench)).toEqual(['sync']);
    expect(bench.test.listing('/out/album')).toContain('a.flac.part');
    bench.jobs.runAll();
    expect(bench.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  });

  it('is on its way until it has its name', async () => {
    const bench = slow();
    bench.fetch(2);
    let isSettled = false;
    const settled = bench.files.writes.settled().then(() => {
      isSettled = true;
    });
    bench.jobs.held.shift()!.run();
    await null;
    expect([isSettled, held(bench)]).toEqual([false, ['sync']]);
    expect(bench.files.writes.isWriting(bench.file('c.flac'))).toBe(true);
    bench.jobs.runAll();
    await settled;
    expect(bench.test.listing('/out/album')).toContain('b.txt');
    expect(bench.files.writes.isWriting(bench.file('c.flac'))).toBe(false);
  });
});

describe('our own writes are not taken for those of another program', () => {
  it('when several pieces of a file are on their way', () => {
    const bench = slow();
    bench.fetch(0);
    bench.jobs.runAll();
    bench.fetch(1);
    const tell = bench.jobs.held.shift()!.begin();
    bench.fetch(2);
    expect(held(bench)).toEqual(['store']);
    tell();
    bench.jobs.runAll();
    expect(bench.jobs.kinds).not.toContain('check');
    expect(bench.has()).toEqual([0, 1, 2]);
  });

  it('when a pad lies between two files of a piece', () => {
    const bench = new StorageBench({ sizes: { 'a.flac': 1_000, '.pad/1000': 1_000, 'b.flac': 40_000 } });
    bench.fetchAll();
    expect(bench.jobs.kinds).not.toContain('check');
    expect(bench.has()).toEqual([0, 1, 2]);
  });

  it('when threads tell of them in another order', () => {
    const bench = slow();
    for (const piece of [0, 1]) bench.fetch(piece);
    const first = bench.jobs.held.shift()!.begin();
    const second = bench.jobs.held.shift()!.begin();
    second();
    first();
    bench.fetch(2);
    bench.jobs.runAll();
    expect(bench.jobs.kinds).not.toContain('check');
    expect(bench.test.listing('/out/album')).toContain('a.flac');
  });
});

describe('nothing stays open', () => {
  it('of a torrent that is removed', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    bench.read(0);
    bench.read(2, 7_000);
    expect(bench.test.fs.openPaths).toHaveLength(2);
    bench.disk.remove(torrent);
    expect(bench.test.fs.openPaths).toEqual([]);
  });

  it('of a torrent that is removed while a piece is written, after that; and no memory is kept', () => {
    const bench = slow();
    bench.fetch(0);
    bench.disk.remove(torrent);
    bench.jobs.runAll();
    expect([bench.test.fs.openPaths, bench.outstanding]).toEqual([[], 0]);
  });

  it('of a file under way that has got its name: it could not be renamed on Windows', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.test.fs.openPaths).toEqual(['/out/album/disc/c.flac.part']);
  });

  it('of a piece that found one of its files gone, and went into a new one', () => {
    const bench = new StorageBench();
    bench.fetch(2);
    bench.disk.remove(torrent);
    const again = bench.again();
    again.files.losePieces([again.piece(2)]);
    again.test.fs.remove('/out/album/disc/c.flac.part');
    again.fetch(2);
    expect(again.has()).toEqual([2]);
    again.disk.remove(torrent);
    expect(again.test.fs.openPaths).toEqual([]);
  });

  it('of a piece of which one file cannot be made', () => {
    const bench = new StorageBench();
    bench.test.failing.set('open c.flac.part', 'EACCES');
    bench.fetch(2);
    expect(bench.facts).toMatchObject([{ type: 'piece-unstorable', trouble: { code: 'EACCES' } }]);
    bench.disk.remove(torrent);
    expect([bench.test.fs.openPaths, bench.outstanding]).toEqual([[], 0]);
  });

  it('of a piece of which one file cannot be opened again', () => {
    const bench = new StorageBench();
    bench.fetch(2);
    bench.files.losePieces([bench.piece(2)]);
    bench.disk.remove(torrent);
    const again = bench.again();
    again.files.losePieces([again.piece(2)]);
    again.test.failing.set('open c.flac.part', 'EMFILE');
    again.fetch(2);
    expect(again.facts).toMatchObject([{ type: 'piece-unstorable', trouble: { code: 'EMFILE' } }]);
    again.disk.remove(torrent);
    expect(again.test.fs.openPaths).toEqual([]);
  });
});

it('files that were complete before get their names, and nothing is written for that', () => {
  const bench = slow();
  for (const piece of [0, 1, 2]) bench.fetch(piece);
  for (const _ of [0, 1, 2]) bench.jobs.held.shift()!.run();
  const again = bench.again();
  again.flush();
  again.test.calls.length = 0;
  again.disk.finishComplete(torrent);
  expect(again.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  expect(again.test.calls.filter((call) => call.startsWith('write'))).toEqual([]);
  // Their names are on the disk soon, though nothing more is stored.
  again.timers.pass(2_000);
  expect(again.test.drive.forcedAt('/out/album/a.flac')).toBeDefined();
});

describe('a file that cannot be closed, as NFS tells of what it has lost,', () => {
  it('loses what was written into it and not forced to the disk, which is fetched again', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1]) bench.fetch(piece);
    bench.files.onCloseFailed('0', trouble);
    expect([bench.lost(), bench.has()]).toEqual([[0, 1], []]);
    bench.files.onCloseFailed('2', trouble);
    expect(bench.lost()).toEqual([0, 1]);
    bench.fetchAll();
    expect(bench.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  });

  it('is not recorded with what it may have lost, and does not end the program', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    expect(bench.flush()).toEqual([0]);
    bench.fetch(1);
    bench.test.failing.set('close a.flac.part', 'EIO');
    bench.disk.remove(torrent);
    bench.test.failing.clear();
    expect(bench.stop()).toMatchObject({ clean: false });
    expect(bench.recorded()).toEqual([0]);
  });
});
