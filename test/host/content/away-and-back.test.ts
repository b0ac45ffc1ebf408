/** Complete shares whose disk is away for long, and data beside them that belongs to the client. */
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../sim/storage/album.ts';
import { StorageBench, torrent } from '../storage/storage-bench.ts';
import { finished } from '../test-drive.ts';

const aside = '/out/aside';

/** Complete, and shared from now on. */
function seed(wanted?: readonly string[]): StorageBench {
  const bench = new StorageBench(wanted && { wanted });
  for (const piece of wanted === undefined ? [0, 1, 2, 3, 4] : [0, 1, 2]) bench.fetch(piece);
  expect(finished(bench.disk.watch.confirming(torrent))).toBe(true);
  bench.facts.length = 0;
  return bench;
}

const away = (bench: StorageBench) => bench.test.fs.rename('/out/album', aside);
const back = (bench: StorageBench) => bench.test.fs.rename(aside, '/out/album');

describe('shares that are away', () => {
  it('a share that is away is noticed within two seconds, and not lost', () => {
    const bench = seed();
    bench.read(0);
    bench.facts.length = 0;
    expect(bench.test.fs.openPaths).toEqual(['/out/album/a.flac']);
    away(bench);
    bench.timers.pass(2_000);
    expect(bench.kinds()).toEqual(['content-offline']);
    // A disk with open files cannot be ejected.
    expect(bench.test.fs.openPaths).toEqual([]);
    expect(bench.has()).toEqual([0, 1, 2, 3, 4]);
    expect(bench.stop()).toMatchObject({ clean: true });
    back(bench);
    expect(bench.again().has()).toEqual([0, 1, 2, 3, 4]);
  });

  it('a share that was away for any time is found within a minute of its return, and looked for rarely until then', () => {
    const bench = seed();
    away(bench);
    bench.timers.pass(2_000);
    bench.test.calls.length = 0;
    bench.timers.pass(3_600_000);
    const rounds = bench.test.calls.filter((call) => call === 'look album').length;
    expect(rounds).toBeGreaterThanOrEqual(50);
    expect(rounds).toBeLessThanOrEqual(80);
    back(bench);
    bench.timers.pass(62_000);
    expect(bench.kinds()).toEqual(['content-offline', 'content-online']);
  });

  it('a share that was away for a moment is found after seconds, and at once when the user asks', () => {
    const bench = seed();
    away(bench);
    bench.timers.pass(2_000);
    back(bench);
    bench.timers.pass(4_000);
    expect(bench.kinds()).toEqual(['content-offline', 'content-online']);
    away(bench);
    bench.timers.pass(2_000);
    bench.timers.pass(600_000);
    back(bench);
    bench.disk.watch.lookNow(torrent);
    expect(bench.kinds()).toEqual(['content-offline', 'content-online', 'content-offline', 'content-online']);
  });

  it('a share that is partly away is offline as a whole, and online when all of it is back', () => {
    const bench = seed();
    bench.test.fs.rename('/out/album/disc', aside);
    bench.timers.pass(2_000);
    expect(bench.kinds()).toEqual(['content-offline']);
    bench.test.fs.mkdir('/out/album/disc');
    bench.disk.watch.lookNow(torrent);
    expect(bench.kinds()).toEqual(['content-offline']);
    bench.test.fs.rename(`${aside}/c.flac`, '/out/album/disc/c.flac');
    bench.disk.watch.lookNow(torrent);
    expect(bench.kinds()).toEqual(['content-offline', 'content-online']);
  });

  it('a share that comes back with a file too short is not read, and reported once', () => {
    const bench = seed();
    away(bench);
    bench.timers.pass(2_000);
    back(bench);
    bench.test.fs.truncate('/out/album/a.flac', 39_999);
    const told: string[] = [];
    bench.disk.watch.onReport = (report) => void told.push('trouble' in report ? report.trouble.code : '');
    for (const _ of [1, 2]) bench.disk.watch.lookNow(torrent);
    expect([bench.kinds(), told, bench.jobs.kinds.includes('check')]).toEqual([
      ['content-offline'],
      ['ECHANGED'],
      false,
    ]);
  });

  it('a share that comes back with replaced files is read: with other bytes it stays offline and is read once, and its neighbours are read with it', () => {
    const bench = seed();
    away(bench);
    bench.timers.pass(2_000);
    const told: string[] = [];
    bench.disk.watch.onReport = (report) => void told.push('trouble' in report ? report.trouble.message : '');
    bench.test.fs.mkdir('/out/album');
    bench.test.fs.mkdir('/out/album/disc');
    const put = (name: string, at: string, bytes = bytesOf(bench.album, bench.file(name).file)) =>
      bench.test.write(at, bytes);
    put('b.txt', '/out/album/b.txt');
    put('c.flac', '/out/album/disc/c.flac');
    put('a.flac', '/out/album/a.flac', new Uint8Array(40_000));
    bench.jobs.kinds.length = 0;
    bench.disk.watch.lookNow(torrent);
    const checks = bench.jobs.kinds.length;
    expect(checks).toBeGreaterThan(0);
    bench.disk.watch.lookNow(torrent);
    bench.disk.watch.lookNow(torrent);
    expect([bench.kinds(), told]).toEqual([
      ['content-offline'],
      ['/out/album/a.flac is not what the torrent describes any more'],
    ]);
    expect(bench.jobs.kinds).toHaveLength(checks);
    put('a.flac', '/out/album/a.flac');
    bench.disk.watch.lookNow(torrent);
    expect(bench.kinds()).toEqual(['content-offline', 'content-online']);
    expect(bench.test.fs.openPaths).toEqual([]);
  });
});

describe('data of the client beside a share', () => {
  it('a lost part file beside a share is downloaded again, and the share stays online', () => {
    const bench = seed(['a.flac']);
    bench.test.fs.remove(bench.files.side!.path);
    bench.timers.pass(2_000);
    expect(bench.facts).toMatchObject([{ type: 'pieces-lost', pieces: [2] }]);
  });

  it('a part file beside a share that is missing when the share comes back is downloaded again', () => {
    const bench = seed(['a.flac']);
    bench.test.fs.rename('/out/album/a.flac', aside);
    bench.timers.pass(2_000);
    bench.test.fs.remove(bench.files.side!.path);
    bench.test.fs.rename(aside, '/out/album/a.flac');
    bench.disk.watch.lookNow(torrent);
    // Its first file was read, since its stamp had changed: without the piece that it shares with the missing
    // part.
    expect(bench.kinds()).toEqual(['content-offline', 'content-online', 'pieces-lost']);
    expect([bench.lost(), bench.jobs.kinds.slice(-2)]).toEqual([[2], ['check', 'check']]);
  });

  it('a deselected part beside a share counts as the client’s, too', () => {
    const bench = new StorageBench();
    for (const piece of [0, 1, 2, 3]) bench.fetch(piece);
    bench.files.setWanted(bench.file('c.flac'), false);
    expect(finished(bench.disk.watch.confirming(torrent))).toBe(true);
    bench.facts.length = 0;
    bench.test.fs.remove('/out/album/disc/c.flac.part');
    bench.timers.pass(2_000);
    expect(bench.facts).toMatchObject([{ type: 'pieces-lost', pieces: [2, 3] }]);
  });
});

it('a share with an enlarged selection is a download again: its lost pieces are downloaded again', () => {
  const bench = seed(['a.flac']);
  bench.files.setWanted(bench.file('c.flac'), true);
  bench.disk.watch.onMoreWanted(torrent);
  bench.test.fs.remove('/out/album/a.flac');
  bench.timers.pass(2_000);
  expect(bench.facts).toMatchObject([{ type: 'pieces-lost', pieces: [0, 1, 2] }]);
  bench.fetchAll();
  expect(finished(bench.disk.watch.confirming(torrent))).toBe(true);
});
