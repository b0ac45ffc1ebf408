/** What is counted as stored, and what becomes of it when files are lost, wanted, or not wanted any more. */
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../sim/storage/album.ts';
import { StorageBench, torrent } from './storage-bench.ts';

const part = (name: string) => `/out/album/${name}.part`;
const trouble = { code: 'EIO', message: 'fsync' };

/** What is in a file, compared with its author's. */
function isRight(bench: StorageBench, name: string): boolean {
  const stored = bench.file(name);
  const bytes = bench.test.bytesAt(bench.files.pathOf(stored));
  return bytes !== undefined && Buffer.compare(bytes, bytesOf(bench.album, stored.file)) === 0;
}

describe('a piece that is lost', () => {
  it('is missing once, however often it is told', () => {
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

  it('is not kept aside any more, and the side file goes when it holds nothing else', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    bench.fetch(2);
    bench.files.losePieces([bench.piece(2)]);
    bench.files.tidy(false);
    expect(bench.test.listing('/out/album')).toEqual(['a.flac.part']);
  });

  it('is not told once more when its fsync fails afterwards', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.files.losePieces([bench.piece(0)]);
    bench.files.onSyncFailed(bench.file('a.flac'), trouble);
    expect(bench.lost()).toEqual([1]);
  });
});

describe('a file that is lost', () => {
  it('takes the pieces with it that lie in it, also in part, and no others', () => {
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

  it('is not doubted any more: the next one in its place is ours alone', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.files.doubt(bench.file('a.flac'));
    bench.test.fs.remove(part('a.flac'));
    bench.disk.watch.lookNow(torrent);
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.test.listing('/out/album')).toContain('a.flac');
    expect(bench.jobs.kinds).not.toContain('check');
  });

  it('and is not wanted any more does not come back: what is fetched of it lies aside', () => {
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

describe('the side file', () => {
  const aside = () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    return bench;
  };

  it('that is lost takes with it what lay in it, and is made anew', () => {
    const bench = aside();
    bench.test.fs.remove(bench.files.side!.path);
    bench.disk.watch.lookNow(torrent);
    expect(bench.lost()).toEqual([2]);
    // The file that has its name has lost a piece that it shares: it is not written again.
    expect(bench.has()).toEqual([0, 1]);
    bench.fetch(2);
    expect(bench.has()).toEqual([0, 1, 2]);
    bench.files.setWanted(bench.file('b.txt'), true);
    expect(isRight(bench, 'b.txt')).toBe(true);
  });

  it('is read from for the parts that lie in it', () => {
    const bench = aside();
    const fact = bench.read(2, 7_000, 1_000);
    const from = 2 * 16_384 + 7_000;
    expect(fact).toMatchObject({ type: 'block-read' });
    const bytes = fact?.type === 'block-read' ? fact.bytes : undefined;
    expect(Buffer.compare(bytes!, bench.album.truth.subarray(from, from + 1_000))).toBe(0);
  });

  it('stays when the torrent ends for now, and goes when it ends for good', () => {
    const bench = aside();
    const name = bench.files.side!.path.split('/').at(-1);
    bench.files.tidy(false);
    expect(bench.test.listing('/out/album')).toContain(name);
    bench.files.tidy(true);
    expect(bench.test.listing('/out/album')).toEqual(['a.flac']);
  });

  it('that has become another one is neither removed nor written', () => {
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

describe('a file that becomes wanted', () => {
  /** b.txt is chosen while a piece of it is written into the side file. */
  function chosenLate(): StorageBench {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    bench.jobs.isHeld = true;
    bench.fetch(2);
    const tell = bench.jobs.held.shift()!.begin();
    bench.files.setWanted(bench.file('b.txt'), true);
    tell();
    return bench;
  }

  it('has its part of a piece that was on its way into the side file', () => {
    const bench = chosenLate();
    bench.jobs.runAll();
    expect(bench.has()).toEqual([2]);
    expect(isRight(bench, 'b.txt')).toBe(true);
  });

  it('is not whole while a part of it is on its way into the side file', () => {
    const bench = chosenLate();
    // Nothing of it is in its own place that could be forced to the disk beforehand.
    expect(bench.jobs.held.map(({ kind }) => kind)).toEqual([]);
    bench.disk.finishComplete(torrent);
    expect(bench.test.listing('/out/album')).toContain('b.txt');
    expect(isRight(bench, 'b.txt')).toBe(true);
  });

  it.each([
    ['read', (bench: StorageBench) => `read ${bench.files.side!.path.split('/').at(-1)}`],
    ['written', () => 'write c.flac.part'],
    ['made', () => 'open c.flac.part'],
  ])('stays aside when what is there of it cannot be %s, and goes home the next time', (_, call) => {
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
  });

  it('is forced to the disk in its own place soon, and with it the way to it', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.flush()).toEqual([0, 1, 2]);
    bench.files.setWanted(bench.file('c.flac'), true);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0, 1, 2]);
    const forced = bench.test.drive.forcedAt('/out/album/disc/c.flac.part');
    expect(forced?.forcedBytes).toHaveLength(9_142);
  });

  it('leaves nothing aside: when all are at home, no side file stays', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    for (const name of ['b.txt', 'c.flac']) bench.files.setWanted(bench.file(name), true);
    bench.files.tidy(false);
    expect(bench.test.fs.exists(bench.files.side!.path)).toBe(false);
  });

  it('comes home whole from a disk that takes a few bytes at a time', () => {
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

describe('a file that is not wanted any more', () => {
  it('and has not been begun lies aside from then on', () => {
    const bench = new StorageBench();
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.fetch(2);
    expect(bench.test.listing('/out/album')).not.toContain('disc');
  });

  it('and of which a part was made stays where it is, though nothing of it is stored', () => {
    const bench = new StorageBench();
    bench.test.failing.set('write c.flac.part', 'ENOSPC');
    bench.fetch(3);
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.test.failing.clear();
    bench.fetch(3);
    expect([bench.has(), bench.file('c.flac').state]).toEqual([[3], 'part']);
  });

  it('and of which the first piece is on its way stays where it is', () => {
    const bench = new StorageBench();
    bench.jobs.isHeld = true;
    bench.fetch(3);
    bench.files.setWanted(bench.file('c.flac'), false);
    bench.jobs.runAll();
    expect([bench.has(), bench.file('c.flac').state]).toEqual([[3], 'part']);
    expect(bench.read(3)).toMatchObject({ type: 'block-read' });
  });
});

it('all that was written since the last good fsync may be lost when the one before a name is given fails', () => {
  const bench = new StorageBench();
  bench.jobs.isHeld = true;
  for (const piece of [0, 1, 2]) bench.fetch(piece);
  for (const _ of [0, 1, 2]) bench.jobs.held.shift()!.run();
  // Killed before a thread has forced it to the disk.
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
