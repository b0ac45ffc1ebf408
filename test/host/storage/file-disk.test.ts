/** The answer to a piece while files are lost, fail or get their names. */
import { describe, expect, it } from 'vitest';
import { StorageBench, torrent } from './storage-bench.ts';

const part = '/out/album/a.flac.part';
const trouble = { code: 'EIO', message: 'fsync' };
const held = (bench: StorageBench) => bench.jobs.held.map(({ kind }) => kind);

/** A bench whose threads run when the test says so. */
function slow(): StorageBench {
  const bench = new StorageBench();
  bench.jobs.isHeld = true;
  return bench;
}

describe('pieces that are not stored', () => {
  it('a piece is not stored when an fsync of its file failed after its write and may have dropped it', () => {
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

  it('a piece is not stored when its file was lost and created anew during the write', () => {
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

  it('a piece is not stored when its file was lost during the fsync for its final name', () => {
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

  it('a piece is not stored when an fsync of one of its files failed while another was synced for its final name', () => {
    const bench = slow();
    bench.fetch(2);
    bench.jobs.held.shift()!.run();
    const tell = bench.jobs.held.shift()!.begin();
    bench.files.onSyncFailed(bench.file('c.flac'), trouble);
    tell();
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-unstorable', pieceIndex: 2 });
    expect(bench.has()).toEqual([]);
  });

  it('when the fsync for a final name fails, the piece and the unsynced pieces of that file are downloaded again', () => {
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

  it('a piece is not stored when one of its files refuses its part', () => {
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

  it('a corrupt piece is not stored, and nothing of it is written, even if its files’ other pieces are right', () => {
    const bench = new StorageBench();
    bench.fetch(1);
    const before = bench.test.bytesAt(part);
    bench.fetch(0, false);
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-corrupt', pieceIndex: 0 });
    expect(bench.test.bytesAt(part)).toEqual(before);
    expect(bench.has()).toEqual([1]);
  });
});

describe('files that have all their bytes', () => {
  it('a complete file is synced once by a thread before it gets its final name, and not again for the record', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    // One thread each.
    expect(bench.jobs.kinds).toEqual(['store', 'store', 'store', 'sync', 'sync']);
    const of = (call: string) => bench.test.calls.filter((made) => made === call);
    expect([of('sync a.flac.part'), of('sync b.txt.part')].map(({ length }) => length)).toEqual([1, 1]);
    bench.test.calls.length = 0;
    expect(bench.flush()).toEqual([0, 1, 2]);
    // The last of the three files is incomplete: its part of the piece was not synced with the others.
    expect(bench.test.calls).toContain('sync c.flac.part');
    expect(bench.test.calls).not.toContain('sync a.flac');
    expect(bench.test.calls).not.toContain('sync b.txt');
  });

  it('a file completed by another piece while its last one waits for an fsync is synced by a thread, too', () => {
    const bench = slow();
    bench.fetch(0);
    bench.jobs.held.shift()!.run();
    bench.fetch(2);
    bench.jobs.held.shift()!.run();
    // This piece completes the small file, but not the first one.
    const sync = bench.jobs.held.shift()!;
    bench.fetch(1);
    bench.jobs.held.shift()!.run();
    sync.run();
    expect(held(bench)).toEqual(['sync']);
    expect(bench.test.listing('/out/album')).toContain('a.flac.part');
    bench.jobs.runAll();
    expect(bench.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  });

  it('a file counts as being written until it has its final name', async () => {
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

describe('own and foreign writes', () => {
  it('several own writes into one file at once are not taken for a foreign write', () => {
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

  it('an own write across a pad file is not taken for a foreign write', () => {
    const bench = new StorageBench({ sizes: { 'a.flac': 1_000, '.pad/1000': 1_000, 'b.flac': 40_000 } });
    bench.fetchAll();
    expect(bench.jobs.kinds).not.toContain('check');
    expect(bench.has()).toEqual([0, 1, 2]);
  });

  it('own writes that threads report in another order are not taken for a foreign write', () => {
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

describe('closed files', () => {
  it('a removed torrent leaves no file open', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    bench.read(0);
    bench.read(2, 7_000);
    expect(bench.test.fs.openPaths).toHaveLength(2);
    bench.disk.remove(torrent);
    expect(bench.test.fs.openPaths).toEqual([]);
  });

  it('a torrent removed during the write of a piece leaves no file open afterwards, and no memory in use', () => {
    const bench = slow();
    bench.fetch(0);
    bench.disk.remove(torrent);
    bench.jobs.runAll();
    expect([bench.test.fs.openPaths, bench.outstanding]).toEqual([[], 0]);
  });

  it('a part that gets its final name is closed, since Windows cannot rename an open file', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.test.fs.openPaths).toEqual(['/out/album/disc/c.flac.part']);
  });

  it('a piece that goes into a new file after the loss of the old one leaves no file open', () => {
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

  it('a piece of which one file cannot be created leaves no file open', () => {
    const bench = new StorageBench();
    bench.test.failing.set('open c.flac.part', 'EACCES');
    bench.fetch(2);
    expect(bench.facts).toMatchObject([{ type: 'piece-unstorable', trouble: { code: 'EACCES' } }]);
    bench.disk.remove(torrent);
    expect([bench.test.fs.openPaths, bench.outstanding]).toEqual([[], 0]);
  });

  it('a piece of which one file cannot be reopened leaves no file open', () => {
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

it('files that were complete before get their final names, and nothing is written for that', () => {
  const bench = slow();
  for (const piece of [0, 1, 2]) bench.fetch(piece);
  for (const _ of [0, 1, 2]) bench.jobs.held.shift()!.run();
  const again = bench.again();
  again.flush();
  again.test.calls.length = 0;
  again.disk.finishComplete(torrent);
  expect(again.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  expect(again.test.calls.filter((call) => call.startsWith('write'))).toEqual([]);
  // Their names are synced soon, even if no more pieces are stored.
  again.timers.pass(2_000);
  expect(again.test.drive.forcedAt('/out/album/a.flac')).toBeDefined();
});

describe('files that cannot be closed, as on NFS after lost writes', () => {
  it('a file that cannot be closed loses its unsynced pieces, which are downloaded again', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1]) bench.fetch(piece);
    bench.files.onCloseFailed('0', trouble);
    expect([bench.lost(), bench.has()]).toEqual([[0, 1], []]);
    bench.files.onCloseFailed('2', trouble);
    expect(bench.lost()).toEqual([0, 1]);
    bench.fetchAll();
    expect(bench.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  });

  it('a file that cannot be closed is not recorded with the pieces it may have lost, and does not end the program', () => {
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
