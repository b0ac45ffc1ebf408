/** Which pieces count as stored, and what happens to them when files are lost, selected or deselected. */
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../sim/storage/album.ts';
import { StorageBench, torrent } from './storage-bench.ts';

const part = (name: string) => `/out/album/${name}.part`;
const trouble = { code: 'EIO', message: 'fsync' };

/** Compares a file's content with the original. */
function isRight(bench: StorageBench, name: string): boolean {
  const stored = bench.file(name);
  const bytes = bench.test.bytesAt(bench.files.pathOf(stored));
  return bytes !== undefined && Buffer.compare(bytes, bytesOf(bench.album, stored.file)) === 0;
}

describe('lost pieces', () => {
  it('a piece is missing once, however often its loss is reported', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    for (const _ of [1, 2]) bench.files.losePieces([bench.piece(0), bench.piece(0)]);
    expect(bench.has()).toEqual([1]);
    expect(bench.file('a.flac').missingBytes).toBe(40_000 - 16_384);
    bench.fetch(0);
    bench.fetch(2);
    expect(bench.test.listing('/out/album')).toContain('a.flac');
  });

  it('a lost piece is removed from the part file, and an empty part file is deleted', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    bench.fetch(2);
    bench.files.losePieces([bench.piece(2)]);
    bench.files.tidy(false);
    expect(bench.test.listing('/out/album')).toEqual(['a.flac.part']);
  });

  it('a lost piece is not reported again when its fsync fails afterwards', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.files.losePieces([bench.piece(0)]);
    bench.files.onSyncFailed(bench.file('a.flac'), trouble);
    expect(bench.lost()).toEqual([1]);
  });
});

describe('lost files', () => {
  it('a lost file loses exactly the pieces that lie in it, wholly or in part', () => {
    const bench = new StorageBench({ sizes: { 'a.flac': 16_384, 'b.flac': 20_000, 'c.flac': 20_000 } });
    bench.fetchAll();
    bench.test.fs.remove('/out/album/a.flac');
    bench.disk.watch.lookNow(torrent);
    expect(bench.lost()).toEqual([0]);
    bench.facts.length = 0;
    bench.test.fs.remove('/out/album/b.flac');
    bench.disk.watch.lookNow(torrent);
    expect(bench.lost()).toEqual([1, 2]);
    expect(bench.has()).toEqual([3]);
  });

  it('a lost file is not doubted any more: its replacement is the client’s alone', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.files.doubt(bench.file('a.flac'));
    bench.test.fs.remove(part('a.flac'));
    bench.disk.watch.lookNow(torrent);
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.test.listing('/out/album')).toContain('a.flac');
    expect(bench.jobs.kinds).not.toContain('check');
  });

  it('a lost file that is not wanted any more is not created again: its shared pieces go to the part file', () => {
    const bench = new StorageBench();
    bench.fetch(3);
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.fetch(4);
    expect(bench.test.listing('/out/album/disc')).toEqual(['c.flac.part']);
    bench.test.fs.remove('/out/album/disc/c.flac.part');
    bench.disk.watch.lookNow(torrent);
    expect(bench.lost()).toEqual([3, 4]);
    bench.fetch(2);
    expect(bench.test.listing('/out/album/disc')).toEqual([]);
    expect(bench.test.bytesAt(bench.files.side!.path)).toBeDefined();
  });
});

describe('the part file', () => {
  const aside = () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    return bench;
  };

  it('a lost part file loses the pieces in it, and is created anew', () => {
    const bench = aside();
    bench.test.fs.remove(bench.files.side!.path);
    bench.disk.watch.lookNow(torrent);
    expect(bench.lost()).toEqual([2]);
    // The file with its final name has lost a piece that it shares: it is not written again.
    expect(bench.has()).toEqual([0, 1]);
    bench.fetch(2);
    expect(bench.has()).toEqual([0, 1, 2]);
    bench.files.setWanted(bench.file('b.txt'), true);
    expect(isRight(bench, 'b.txt')).toBe(true);
  });

  it('blocks of unwanted files are read from the part file', () => {
    const bench = aside();
    const fact = bench.read(2, 7_000, 1_000);
    const from = 2 * 16_384 + 7_000;
    expect(fact).toMatchObject({ type: 'block-read' });
    const bytes = fact?.type === 'block-read' ? fact.bytes : undefined;
    expect(Buffer.compare(bytes!, bench.album.truth.subarray(from, from + 1_000))).toBe(0);
  });

  it('the part file stays when a torrent is stopped, and is deleted when it is removed for good', () => {
    const bench = aside();
    const name = bench.files.side!.path.split('/').at(-1);
    bench.files.tidy(false);
    expect(bench.test.listing('/out/album')).toContain(name);
    bench.files.tidy(true);
    expect(bench.test.listing('/out/album')).toEqual(['a.flac']);
  });

  it('a part file that another program replaced is neither deleted nor written', () => {
    const bench = aside();
    const { path } = bench.files.side!;
    bench.test.fs.remove(path);
    bench.test.write(path, Buffer.from('theirs'));
    bench.files.tidy(true);
    bench.disk.watch.lookNow(torrent);
    expect(bench.lost()).toEqual([2]);
    bench.fetch(2);
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-unstorable', trouble: { code: 'EEXIST' } });
    expect(Buffer.from(bench.test.bytesAt(path)!).toString()).toBe('theirs');
  });
});

describe('files that are selected', () => {
  /** b.txt is selected while a piece of it is being written into the part file. */
  function chosenLate(): StorageBench {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    bench.jobs.isHeld = true;
    bench.fetch(2);
    const tell = bench.jobs.held.shift()!.begin();
    bench.files.setWanted(bench.file('b.txt'), true);
    tell();
    return bench;
  }

  it('a selected file gets its part of a piece that was being written into the part file', () => {
    const bench = chosenLate();
    bench.jobs.runAll();
    expect(bench.has()).toEqual([2]);
    expect(isRight(bench, 'b.txt')).toBe(true);
  });

  it('a selected file is incomplete while a part of it is being written into the part file', () => {
    const bench = chosenLate();
    // Nothing of it is in its own place yet that could be synced beforehand.
    expect(bench.jobs.held.map(({ kind }) => kind)).toEqual([]);
    bench.disk.finishComplete(torrent);
    expect(bench.test.listing('/out/album')).toContain('b.txt');
    expect(isRight(bench, 'b.txt')).toBe(true);
  });

  it.each([
    ['read', (bench: StorageBench) => `read ${bench.files.side!.path.split('/').at(-1)}`],
    ['written', () => 'write c.flac.part'],
    ['made', () => 'open c.flac.part'],
  ])(
    'a selected file stays in the part file when it cannot be %s, and leaves it at the next selection',
    (_, call) => {
      const bench = new StorageBench({ wanted: ['a.flac'] });
      for (const piece of [0, 1, 2]) bench.fetch(piece);
      const file = bench.file('c.flac');
      bench.test.failing.set(call(bench), 'EIO');
      expect(() => bench.files.setWanted(file, true)).toThrow('EIO');
      expect([file.state, file.isWanted]).toEqual(['side', false]);
      bench.test.failing.clear();
      expect(bench.read(2, 8_000)).toMatchObject({ type: 'block-read' });
      bench.files.setWanted(file, true);
      bench.fetch(3);
      bench.fetch(4);
      expect([file.state, isRight(bench, 'c.flac')]).toEqual(['final', true]);
    },
  );

  it('a selected file is synced in its own place soon, with the folders of its path', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.flush()).toEqual([0, 1, 2]);
    bench.files.setWanted(bench.file('c.flac'), true);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0, 1, 2]);
    const forced = bench.test.drive.forcedAt('/out/album/disc/c.flac.part');
    expect(forced?.forcedBytes).toHaveLength(9_142);
  });

  it('the part file is deleted when all files are selected', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    for (const name of ['b.txt', 'c.flac']) bench.files.setWanted(bench.file(name), true);
    bench.files.tidy(false);
    expect(bench.test.fs.exists(bench.files.side!.path)).toBe(false);
  });

  it('a selected file leaves the part file whole, also on a disk with short writes', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    bench.test.temper.shortWritesPpm = 1_000_000;
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect([bench.has(), isRight(bench, 'a.flac')]).toEqual([[0, 1, 2], true]);
    bench.files.setWanted(bench.file('c.flac'), true);
    bench.fetch(3);
    bench.fetch(4);
    expect(isRight(bench, 'c.flac')).toBe(true);
  });
});

describe('files that are deselected', () => {
  it('a deselected file that was not begun goes to the part file from then on', () => {
    const bench = new StorageBench();
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.fetch(2);
    expect(bench.test.listing('/out/album')).not.toContain('disc');
  });

  it('a deselected file whose part exists stays in its part, even without a stored piece', () => {
    const bench = new StorageBench();
    bench.test.failing.set('write c.flac.part', 'ENOSPC');
    bench.fetch(3);
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.test.failing.clear();
    bench.fetch(3);
    expect([bench.has(), bench.file('c.flac').state]).toEqual([[3], 'part']);
  });

  it('a deselected file whose first piece is being written stays in its part', () => {
    const bench = new StorageBench();
    bench.jobs.isHeld = true;
    bench.fetch(3);
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.jobs.runAll();
    expect([bench.has(), bench.file('c.flac').state]).toEqual([[3], 'part']);
    expect(bench.read(3)).toMatchObject({ type: 'block-read' });
  });
});

it('a failed fsync before a final name may lose everything written since the last good one', () => {
  const bench = new StorageBench();
  bench.jobs.isHeld = true;
  for (const piece of [0, 1, 2]) bench.fetch(piece);
  for (const _ of [0, 1, 2]) bench.jobs.held.shift()!.run();
  // Killed before a thread has synced it.
  const again = bench.again();
  expect(again.has()).toEqual([0, 1, 2]);
  again.test.failing.set('sync a.flac.part', 'EIO');
  expect(() => again.files.finish(again.file('a.flac'))).toThrow('EIO');
  expect(again.lost()).toEqual([0, 1, 2]);
  expect(again.files.unforced.failures(again.file('a.flac'))).toBe(1);
  again.test.failing.clear();
  for (const piece of [0, 1, 2]) again.fetch(piece);
  expect([again.file('a.flac').state, isRight(again, 'a.flac')]).toEqual(['final', true]);
});
