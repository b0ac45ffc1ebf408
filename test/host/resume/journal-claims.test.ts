/** What a record claims: only what was forced to the disk, whatever happens while it is made. */
import { describe, expect, it } from 'vitest';
import { Outcome, start } from '../../../client/host/disk/steps.ts';
import { StorageBench, torrent } from '../storage/storage-bench.ts';
import { finished, TestDrive } from '../test-drive.ts';

const part = '/out/album/a.flac.part';
const trouble = { code: 'EIO', message: 'fsync' };

describe('a piece is not claimed', () => {
  it('that is stored while a record is made, though a thread has forced it: its folder is not on the disk yet', () => {
    const bench = new StorageBench();
    const { files, test } = bench;
    bench.fetch(0);
    test.at('sync a.flac.part', () => {
      bench.fetch(4);
      const file = bench.file('c.flac');
      const mark = files.unforced.begin(file);
      files.unforced.end(file);
      files.unforced.onForced(file, mark);
    });
    expect(bench.flush()).toEqual([0]);
    expect(test.drive.forcedAt('/out/album/disc/c.flac.part')).toBeUndefined();
    expect(bench.flush()).toEqual([0, 4]);
    expect(test.drive.forcedAt('/out/album/disc/c.flac.part')).toBeDefined();
  });

  it('that is written while its file is forced to the disk: it waits for the next fsync', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.at('sync a.flac.part', () => bench.fetch(1));
    expect(bench.flush()).toEqual([0]);
    bench.test.calls.length = 0;
    expect(bench.flush()).toEqual([0, 1]);
    expect(bench.test.calls).toContain('sync a.flac.part');
  });

  it('that is lost while a record is made, after it was forced to the disk', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.test.at('sync album', () => {
      bench.files.losePieces([bench.piece(0)]);
      bench.journal.onLost([bench.piece(0)]);
    });
    expect(bench.flush()).toEqual([1]);
  });

  it('whose file is gone when it is to be forced, nor any other piece of that file; and it is looked for within a second', () => {
    const bench = new StorageBench();
    for (const piece of [0, 4]) bench.fetch(piece);
    expect(bench.flush()).toEqual([0, 4]);
    bench.fetch(1);
    bench.test.fs.remove(part);
    expect(bench.flush()).toEqual([4]);
    bench.timers.pass(1_000);
    expect(bench.lost()).toEqual([0, 1]);
  });

  it('whose file has another one in its place, which is not forced to the disk for us', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.fs.remove(part);
    bench.test.write(part, new Uint8Array(100));
    expect(bench.flush()).toEqual([]);
    expect(bench.test.calls).not.toContain('sync a.flac.part');
  });

  it('whose file cannot be opened; it is not lost, and claimed when that is over', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.failing.set('open a.flac.part', 'EMFILE');
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([]);
    bench.test.failing.clear();
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0]);
    expect(bench.lost()).toEqual([]);
  });

  it('while another fsync of its file is under way, which may have failed first; and the journal tries again', () => {
    const bench = new StorageBench();
    const { unforced } = bench.files;
    bench.fetch(0);
    bench.test.at('sync a.flac.part', () => unforced.begin(bench.file('a.flac')));
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([]);
    unforced.end(bench.file('a.flac'));
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0]);
  });

  it('whose fsync has failed: it is fetched again, and claimed after an fsync of its own', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.failing.set('sync a.flac.part', 'EIO');
    expect(bench.flush()).toEqual([]);
    expect(bench.facts.at(-1)).toMatchObject({ type: 'pieces-lost', pieces: [0], trouble: { code: 'EIO' } });
    bench.test.failing.clear();
    expect(bench.flush()).toEqual([]);
    bench.fetch(0);
    expect(bench.flush()).toEqual([0]);
  });
});

it('a file that gets its name between our look and our open is the same file, and its pieces are claimed', () => {
  const bench = new StorageBench();
  for (const piece of [0, 1, 3, 4]) bench.fetch(piece);
  // Its last piece.
  bench.test.at('open a.flac.part', () => bench.fetch(2));
  expect(bench.flush()).toEqual([0, 1, 3, 4]);
  expect(bench.test.listing('/out/album')).toContain('a.flac');
  bench.timers.pass(1_000);
  expect(bench.lost()).toEqual([]);
});

it('of a file that has its name nothing is fetched again when its fsync fails, and the next start reads it', () => {
  const bench = new StorageBench();
  bench.fetchAll();
  const file = bench.file('a.flac');
  bench.files.unforced.add(file, bench.piece(0));
  bench.files.onSyncFailed(file, trouble);
  expect(bench.lost()).toEqual([]);
  expect(bench.has()).toEqual([0, 1, 2, 3, 4]);
  expect(bench.flush()).toEqual([1, 2, 3, 4]);
  expect(bench.stop()).toMatchObject({ clean: false });
  const again = bench.again();
  expect(again.has()).toEqual([0, 1, 2, 3, 4]);
  expect(again.hashedBytes).toBeGreaterThan(0);
});

it('an fsync that fails after the torrent has been stopped is not claimed either, and the next start reads its pieces', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.test.failing.set('sync a.flac.part', 'EIO');
  const { clean } = bench.stop();
  expect([clean, bench.recorded()]).toEqual([false, []]);
  expect(bench.lost()).toEqual([]);
  bench.test.failing.clear();
  expect(bench.again().has()).toEqual([0]);
});

it('what a thread could not force to the disk is not claimed, though the torrent has been stopped meanwhile', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.disk.remove(torrent);
  bench.files.onSyncFailed(bench.file('a.flac'), trouble);
  finished(bench.journal.stopping());
  expect(bench.recorded()).toEqual([]);
  expect(bench.record()).toMatchObject({ clean: false });
});

describe('a record does not say that the program ended cleanly', () => {
  it('when a file could not be opened', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.failing.set('open a.flac.part', 'EACCES');
    expect(bench.stop()).toMatchObject({ clean: false });
  });

  it('when a file was not there: it may be back at the next start', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.fs.rename(part, '/out/aside');
    expect(bench.stop()).toMatchObject({ clean: false });
    bench.test.fs.rename('/out/aside', part);
    expect(bench.again().has()).toEqual([0]);
  });

  it('when a piece was written while its file was forced for the last time', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.at('sync a.flac.part', () => bench.fetch(1));
    finished(bench.journal.stopping());
    expect(bench.record()).toMatchObject({ clean: false });
    expect(bench.recorded()).toEqual([0]);
  });

  it('while it goes on', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    expect(bench.record()).toMatchObject({ clean: false });
    expect(bench.stop()).toMatchObject({ clean: true });
  });
});

it('the side file that others have written into has no looks in the record, and a file beside it has', () => {
  const bench = new StorageBench({ wanted: ['a.flac'] });
  bench.fetch(2);
  bench.fetch(0);
  bench.flush();
  const stampsOf = () => bench.record()!.stamps.map((stamp) => stamp?.mtimeNs === '0');
  expect(stampsOf()).toEqual([false, false, false]);
  bench.files.doubtSide();
  bench.flush();
  expect(stampsOf()).toEqual([false, true, true]);
});

it('every folder on the way is forced to the disk, the chosen one too, which may be new', () => {
  const on = new TestDrive();
  on.fs.mkdir('/home');
  const bench = new StorageBench({ on, folder: '/home/music' });
  bench.fetch(3);
  bench.flush();
  expect(on.drive.forcedAt('/home/music/album/disc/c.flac.part')).toBeDefined();
});

it('a folder that cannot be forced to the disk is no trouble, since some systems cannot; and nothing stays open', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  const open = bench.test.fs.openPaths.length;
  bench.test.failing.set('sync album', 'EINVAL').set('open out', 'EISDIR');
  expect(bench.flush()).toEqual([0]);
  expect(bench.test.fs.openPaths).toHaveLength(open);
});

it('nothing that is opened for an fsync stays open, however it ends', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  const open = bench.test.fs.openPaths.length;
  bench.test.failing.set('sync a.flac.part', 'EIO');
  bench.flush();
  expect(bench.test.fs.openPaths).toHaveLength(open);
  bench.test.failing.clear();
  bench.fetch(0);
  bench.test.fs.rename(part, '/out/aside');
  bench.test.write(part, new Uint8Array(10));
  bench.flush();
  expect(bench.test.fs.openPaths).toHaveLength(open);
});

it('what says no more than EIO when it is closed, as network disks do that are away, stops no record', () => {
  const bench = new StorageBench();
  const { later } = bench.test.fs;
  const { open } = later;
  bench.fetch(0);
  const close = () => {
    const outcome = new Outcome<void>();
    outcome.reject(Object.assign(new Error('close'), { code: 'EIO' }));
    return outcome;
  };
  const isOfRecord = (at: string) => at.endsWith('.tmp');
  Object.assign(later, {
    open: (at: string, mode: 'read' | 'replace') =>
      open(at, mode).then((handle) => (isOfRecord(at) ? handle : { ...handle, close })),
  });
  bench.timers.pass(2_000);
  expect(bench.recorded()).toEqual([0]);
  bench.test.fs.remove(part);
  bench.test.write(part, new Uint8Array(10));
  bench.files.unforced.add(bench.file('a.flac'), bench.piece(0));
  expect(bench.stop()).toMatchObject({ clean: false });
});

it('what the caller knows of its pieces is not changed by what the record forgets', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.stop();
  const again = bench.again();
  const before = again.prepared.have.slice();
  again.journal.onLost([again.piece(0)]);
  expect(again.prepared.have).toEqual(before);
});

it('a record under way when the torrent is stopped does not overwrite the last one', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.test.at('sync a.flac.part', () => start(bench.journal.stopping()));
  bench.timers.pass(2_000);
  expect(bench.record()).toMatchObject({ clean: true });
  expect(bench.recorded()).toEqual([0]);
});
