/** A record claims only synced pieces, also when pieces and files change while it is made. */
import { describe, expect, it } from 'vitest';
import { Outcome, start } from '../../../client/host/disk/steps.ts';
import { StorageBench, torrent } from '../storage/storage-bench.ts';
import { finished, TestDrive } from '../test-drive.ts';

const part = '/out/album/a.flac.part';
const trouble = { code: 'EIO', message: 'fsync' };

describe('pieces that a record does not claim', () => {
  it('a piece stored during a record is not claimed even if a thread has synced it: its folder may not be on the disk yet', () => {
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

  it('a piece written during the fsync of its file is not claimed, and waits for the next fsync', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.at('sync a.flac.part', () => bench.fetch(1));
    expect(bench.flush()).toEqual([0]);
    bench.test.calls.length = 0;
    expect(bench.flush()).toEqual([0, 1]);
    expect(bench.test.calls).toContain('sync a.flac.part');
  });

  it('a piece lost during a record is not claimed, even after its fsync', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.test.at('sync album', () => {
      bench.files.losePieces([bench.piece(0)]);
      bench.journal.onLost([bench.piece(0)]);
    });
    expect(bench.flush()).toEqual([1]);
  });

  it('no piece of a file that is missing at its fsync is claimed, and the file is looked for within a second', () => {
    const bench = new StorageBench();
    for (const piece of [0, 4]) bench.fetch(piece);
    expect(bench.flush()).toEqual([0, 4]);
    bench.fetch(1);
    bench.test.fs.remove(part);
    expect(bench.flush()).toEqual([4]);
    bench.timers.pass(1_000);
    expect(bench.lost()).toEqual([0, 1]);
  });

  it('a piece whose file was replaced is not claimed, and the other file is not synced', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.fs.remove(part);
    bench.test.write(part, new Uint8Array(100));
    expect(bench.flush()).toEqual([]);
    expect(bench.test.calls).not.toContain('sync a.flac.part');
  });

  it('a piece whose file cannot be opened is not claimed and not lost, and is claimed once the file opens', () => {
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

  it('a piece is not claimed while another fsync of its file is under way, which may have failed first, and the journal retries', () => {
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

  it('a piece whose fsync failed is downloaded again, and claimed after an fsync of its own', () => {
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

it('the pieces of a file that gets its final name between the inspection and the open are claimed', () => {
  const bench = new StorageBench();
  for (const piece of [0, 1, 3, 4]) bench.fetch(piece);
  // Its last piece.
  bench.test.at('open a.flac.part', () => bench.fetch(2));
  expect(bench.flush()).toEqual([0, 1, 3, 4]);
  expect(bench.test.listing('/out/album')).toContain('a.flac');
  bench.timers.pass(1_000);
  expect(bench.lost()).toEqual([]);
});

it('after a failed fsync of a file with its final name nothing is downloaded again, and the next start reads it', () => {
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

it('pieces whose fsync fails during the stop are not claimed, and the next start reads them', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.test.failing.set('sync a.flac.part', 'EIO');
  const { clean } = bench.stop();
  expect([clean, bench.recorded()]).toEqual([false, []]);
  expect(bench.lost()).toEqual([]);
  bench.test.failing.clear();
  expect(bench.again().has()).toEqual([0]);
});

it('pieces that a thread could not sync are not claimed, even if the torrent was stopped in between', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.disk.remove(torrent);
  bench.files.onSyncFailed(bench.file('a.flac'), trouble);
  finished(bench.journal.stopping());
  expect(bench.recorded()).toEqual([]);
  expect(bench.record()).toMatchObject({ clean: false });
});

describe('records without a clean end', () => {
  it('a record is not clean when a file could not be opened', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.failing.set('open a.flac.part', 'EACCES');
    expect(bench.stop()).toMatchObject({ clean: false });
  });

  it('a record is not clean when a file was missing, since it may be back at the next start', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.fs.rename(part, '/out/aside');
    expect(bench.stop()).toMatchObject({ clean: false });
    bench.test.fs.rename('/out/aside', part);
    expect(bench.again().has()).toEqual([0]);
  });

  it('a record is not clean when a piece was written during the last fsync of its file', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.at('sync a.flac.part', () => bench.fetch(1));
    finished(bench.journal.stopping());
    expect(bench.record()).toMatchObject({ clean: false });
    expect(bench.recorded()).toEqual([0]);
  });

  it('a record is not clean while the program runs', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    expect(bench.record()).toMatchObject({ clean: false });
    expect(bench.stop()).toMatchObject({ clean: true });
  });
});

it('after a foreign write into the part file, the record has no valid stamp of the files with data in it', () => {
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

it('every folder of the path is synced, including the chosen one, which may be new', () => {
  const on = new TestDrive();
  on.fs.mkdir('/home');
  const bench = new StorageBench({ on, folder: '/home/music' });
  bench.fetch(3);
  bench.flush();
  expect(on.drive.forcedAt('/home/music/album/disc/c.flac.part')).toBeDefined();
});

it('a folder that cannot be synced is no error, since some systems cannot, and no file stays open', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  const open = bench.test.fs.openPaths.length;
  bench.test.failing.set('sync album', 'EINVAL').set('open out', 'EISDIR');
  expect(bench.flush()).toEqual([0]);
  expect(bench.test.fs.openPaths).toHaveLength(open);
});

it('no file opened for an fsync stays open after it succeeds or fails', () => {
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

it('a close that fails with EIO, as on an unreachable network disk, stops no record', () => {
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

it('pieces that the record omits are not removed from the caller’s bitfield', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.stop();
  const again = bench.again();
  const before = again.prepared.have.slice();
  again.journal.onLost([again.piece(0)]);
  expect(again.prepared.have).toEqual(before);
});

it('a record under way at the stop does not overwrite the last one', () => {
  const bench = new StorageBench();
  bench.fetch(0);
  bench.test.at('sync a.flac.part', () => start(bench.journal.stopping()));
  bench.timers.pass(2_000);
  expect(bench.record()).toMatchObject({ clean: true });
  expect(bench.recorded()).toEqual([0]);
});
