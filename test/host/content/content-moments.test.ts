/** When files are inspected, what follows from an inspection, and from a disk that refuses one. */
import { describe, expect, it } from 'vitest';
import { stampFrom } from '../../../client/host/disk/file-stamp.ts';
import { start } from '../../../client/host/disk/steps.ts';
import { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import { albumOfSizes, StorageBench, torrent } from '../storage/storage-bench.ts';
import type { TestDrive } from '../test-drive.ts';

const [part, final] = ['/out/album/a.flac.part', '/out/album/a.flac'];
const trouble = { code: 'EIO', message: 'fsync' };
const looks = ({ test }: StorageBench, name: string) =>
  test.calls.filter((call) => call === `look ${name}`).length;

const expected = () => ({ sha1: undefined, root: undefined });

/** A torrent of `count` stored files, which all lie in one piece. */
function manyFiles(test: TestDrive, count: number): TorrentFiles {
  const { fs } = test;
  fs.mkdir('/many');
  const sizes = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, 1]));
  const { layout, geometry } = albumOfSizes(sizes).metainfo;
  const stored = layout.files.map((file) => {
    const finalPath = `/many/${file.components.at(-1)}`;
    test.write(finalPath, Uint8Array.of(1));
    const place = { finalPath, partPath: finalPath, state: 'final' as const, lost: undefined };
    return { ...place, seen: stampFrom(fs.lstat(finalPath)), file, isWanted: true, missingBytes: 1 };
  });
  const files = new TorrentFiles(layout, geometry, stored, undefined, fs);
  for (const pieceIndex of geometry.pieces()) files.onStored(pieceIndex, files.placesOf(pieceIndex), 'all');
  return files;
}

describe('lost files', () => {
  it('a lost file is noticed within two seconds without a request', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.fs.remove(part);
    bench.timers.pass(1_999);
    expect(bench.lost()).toEqual([]);
    bench.timers.pass(1);
    expect(bench.lost()).toEqual([0]);
    // And so is the next one: the open descriptor of the first is not used any more.
    bench.fetch(1);
    expect(bench.test.bytesAt(part)).toHaveLength(32_768);
    bench.test.fs.remove(part);
    bench.timers.pass(2_000);
    expect(bench.lost()).toEqual([0, 1]);
  });

  it('a lost file is noticed within two seconds of its turn, however many files another torrent has', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    bench.disk.remove(torrent);
    const large = manyFiles(bench.test, 1_200);
    bench.disk.add({ torrent: 2, geometry: large.geometry, files: large, expected });
    const { geometry } = bench.album.metainfo;
    bench.disk.add({ torrent, geometry, files: bench.files, expected });
    bench.test.fs.remove(part);
    bench.test.fs.remove('/many/1199');
    const toldAfter = (ms: number) => {
      bench.timers.pass(ms);
      return bench.facts.flatMap((fact) => (fact.type === 'pieces-lost' ? [fact.torrent] : []));
    };
    // The first round had too few inspections for both.
    expect(toldAfter(2_000)).toEqual([]);
    expect(toldAfter(2_000)).toEqual([torrent]);
    expect(toldAfter(4_000)).toEqual([torrent, 2]);
  });

  it('a lost file is noticed soon after a failed read, by one inspection even for many failed reads', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(3);
    bench.test.fs.remove(part);
    bench.test.failing.set('read a.flac.part', 'EIO');
    bench.test.calls.length = 0;
    const waiting = bench.timers.waiting.length;
    for (let i = 0; i < 5; i++) expect(bench.read(0)).toMatchObject({ type: 'block-unreadable' });
    expect(bench.timers.waiting).toHaveLength(waiting + 1);
    bench.timers.pass(1_000);
    expect(bench.lost()).toEqual([0]);
    expect(looks(bench, 'c.flac.part')).toBe(1);
    // The next inspection waits a second after that one.
    bench.disk.watch.suspect(torrent);
    bench.timers.pass(999);
    expect(looks(bench, 'c.flac.part')).toBe(1);
    bench.timers.pass(1_500);
    bench.test.calls.length = 0;
    bench.disk.watch.suspect(torrent);
    bench.timers.pass(0);
    expect(looks(bench, 'c.flac.part')).toBe(1);
  });
});

describe('the end of inspections', () => {
  it('a removed torrent is not inspected any more, even if an inspection was due', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    bench.disk.watch.suspect(torrent);
    bench.disk.remove(torrent);
    bench.test.fs.remove(part);
    bench.test.calls.length = 0;
    bench.disk.watch.suspect(torrent);
    bench.timers.pass(10_000);
    expect([bench.kinds(), bench.test.calls]).toEqual([['piece-stored'], []]);
  });

  it('a torrent removed during the read of a file is not inspected any more', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.write(part, new Uint8Array(5));
    bench.jobs.isHeld = true;
    bench.disk.watch.doubt(torrent, bench.file('a.flac'));
    bench.disk.remove(torrent);
    bench.jobs.runAll();
    expect([bench.kinds(), bench.jobs.kinds]).toEqual([['piece-stored'], ['store', 'check']]);
  });

  it('a stopped disk leaves no timer', () => {
    const bench = new StorageBench();
    bench.disk.watch.suspect(torrent);
    bench.disk.watch.stop();
    expect(bench.timers.waiting).toEqual([]);
  });
});

describe('files that cannot be inspected', () => {
  it('during a download, files that cannot be inspected are not lost, and the download continues afterwards', () => {
    const bench = new StorageBench();
    for (const piece of [0, 2, 3]) bench.fetch(piece);
    bench.test.failing
      .set('look a.flac.part', 'EACCES')
      .set('look disc', 'EIO')
      .set('look c.flac.part', 'EIO');
    bench.disk.watch.lookNow(torrent);
    bench.timers.pass(4_000);
    expect([bench.lost(), bench.has()]).toEqual([[], [0, 2, 3]]);
    bench.test.failing.clear();
    bench.fetchAll();
    expect(bench.test.listing('/out/album')).toEqual(['a.flac', 'b.txt', 'disc']);
  });

  it('a download is not complete until its files can be inspected', () => {
    const bench = new StorageBench();
    bench.fetchAll();
    bench.test.failing.set('look a.flac', 'EACCES');
    let isComplete: boolean | undefined;
    start(bench.disk.watch.confirming(torrent)).then((is) => {
      isComplete = is;
    });
    bench.timers.pass(5_000);
    expect([isComplete, bench.lost()]).toEqual([undefined, []]);
    bench.test.failing.clear();
    bench.timers.pass(1_000);
    expect(isComplete).toBe(true);
  });
});

describe('pieces that a failed fsync may have lost', () => {
  it('after a failed fsync of a part its pieces are downloaded again, with the disk’s error', () => {
    const bench = new StorageBench();
    for (const piece of [0, 3]) bench.fetch(piece);
    bench.files.onSyncFailed(bench.file('a.flac'), trouble);
    expect(bench.facts.at(-1)).toEqual({ type: 'pieces-lost', torrent, pieces: [0], trouble });
    expect(bench.has()).toEqual([3]);
    expect(bench.flush()).toEqual([3]);
  });

  it('after a failed fsync of the part file its pieces are downloaded again', () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 2]) bench.fetch(piece);
    bench.files.onSyncFailed(bench.files.side!.place, trouble);
    expect([bench.lost(), bench.has()]).toEqual([[2], [0]]);
  });
});

describe('right files without a final name', () => {
  it('a complete file that cannot be renamed requests its last piece again, and gets its final name with that', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1]) bench.fetch(piece);
    bench.files.doubt(bench.file('a.flac'));
    bench.test.failing.set('name a.flac', 'EIO');
    bench.jobs.isHeld = true;
    bench.fetch(2);
    bench.jobs.runAll();
    expect(bench.jobs.kinds).toContain('check');
    expect(bench.facts.at(-1)).toMatchObject({ type: 'pieces-lost', pieces: [2], trouble: { code: 'EIO' } });
    bench.test.failing.clear();
    bench.fetch(2);
    bench.jobs.runAll();
    expect([bench.has(), bench.test.fs.exists(final)]).toEqual([[0, 1, 2], true]);
  });

  it('a lost empty file is created again', () => {
    const bench = new StorageBench({ sizes: { 'a.flac': 40_000, 'empty.txt': 0 } });
    bench.disk.finishComplete(torrent);
    bench.test.fs.remove('/out/album/empty.txt');
    bench.timers.pass(2_000);
    expect(bench.test.listing('/out/album')).toEqual(['empty.txt']);
    expect(bench.lost()).toEqual([]);
  });
});

describe('foreign writes into files of a download', () => {
  it('a part is read at once after each foreign write, even if the first found no stored piece', () => {
    const bench = new StorageBench();
    bench.test.failing.set('write a.flac.part', 'ENOSPC');
    bench.fetch(0);
    bench.test.failing.clear();
    bench.test.write(part, new Uint8Array(5));
    bench.fetch(0);
    bench.test.write(part, new Uint8Array(5));
    bench.fetch(1);
    expect(bench.lost()).toEqual([0]);
  });

  it('after a foreign write into a part only its wrong pieces are lost; the others are read and kept', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1, 3]) bench.fetch(piece);
    bench.test.write(part, new Uint8Array(10), 16_384 + 5);
    bench.fetch(2);
    const told = bench.facts.filter(({ type }) => type === 'pieces-lost');
    expect(told).toMatchObject([{ pieces: [1], trouble: { code: 'ECHANGED' } }]);
    expect([bench.has(), bench.test.fs.exists(final)]).toEqual([[0, 2, 3], false]);
    bench.fetch(1);
    expect([bench.has(), bench.test.fs.exists(final)]).toEqual([[0, 1, 2, 3], true]);
  });

  it('a part that another program cuts short loses the pieces behind the cut', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1]) bench.fetch(piece);
    bench.test.fs.truncate(part, 20_000);
    bench.timers.pass(2_000);
    expect([bench.lost(), bench.has()]).toEqual([[1], [0]]);
  });

  it('a foreign write into a file with its final name is reported, and the file is not overwritten', () => {
    const bench = new StorageBench();
    bench.fetchAll();
    bench.test.write(final, new Uint8Array(10), 5);
    const before = bench.test.bytesAt(final);
    bench.timers.pass(2_000);
    expect(bench.facts.at(-1)).toMatchObject({
      type: 'pieces-lost',
      pieces: [0],
      trouble: { code: 'EEXIST' },
    });
    bench.fetch(0);
    expect(bench.facts.at(-1)).toMatchObject({ type: 'piece-unstorable', trouble: { code: 'EEXIST' } });
    expect(bench.test.bytesAt(final)).toEqual(before);
  });

  it('an append to a file with its final name is reported, even if all its pieces are right', () => {
    const bench = new StorageBench();
    bench.fetchAll();
    const told: string[] = [];
    bench.disk.watch.onReport = (report) => void told.push('trouble' in report ? report.trouble.code : '');
    bench.test.write(final, Buffer.from('a tag'), 40_000);
    bench.timers.pass(2_000);
    expect([told, bench.lost()]).toEqual([['EEXIST'], []]);
  });
});
