/** What becomes of files that are written, moved or read again at one and the same moment. */
import { describe, expect, it } from 'vitest';
import { StorageBench, torrent } from '../storage/storage-bench.ts';

const [part, final] = ['/out/album/a.flac.part', '/out/album/a.flac'];
const checks = ({ jobs }: StorageBench) => jobs.kinds.filter((kind) => kind === 'check').length;

describe('our own write', () => {
  it('that a thread has done and not told of yet is no change to a look at the file', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.jobs.isHeld = true;
    bench.fetch(1);
    const tell = bench.jobs.held.shift()!.begin();
    bench.timers.pass(2_000);
    bench.disk.watch.lookNow(torrent);
    tell();
    expect([checks(bench), bench.has()]).toEqual([0, [0, 1]]);
  });

  it('that comes while the file is read for a foreign one is not taken for another foreign one afterwards', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.jobs.isHeld = true;
    bench.disk.watch.doubt(torrent, bench.file('a.flac'));
    const tell = bench.jobs.held.shift()!.begin();
    bench.fetch(1);
    bench.jobs.runAll();
    tell();
    bench.fetch(2);
    bench.jobs.runAll();
    expect([checks(bench), bench.has()]).toEqual([1, [0, 1, 2]]);
  });
});

describe('a file that goes away while it is read', () => {
  it('is missed, and not said to be changed', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.jobs.isHeld = true;
    bench.disk.watch.doubt(torrent, bench.file('a.flac'));
    bench.test.fs.remove(part);
    bench.jobs.runAll();
    expect(bench.lost()).toEqual([]);
    bench.timers.pass(2_000);
    expect(bench.facts.at(-1)).toMatchObject({
      type: 'pieces-lost',
      pieces: [0],
      trouble: { code: 'EGONE' },
    });
  });

  it('though it had its name is fetched again', () => {
    const bench = new StorageBench();
    bench.fetchAll();
    bench.jobs.isHeld = true;
    bench.disk.watch.doubt(torrent, bench.file('a.flac'));
    bench.test.fs.remove(final);
    bench.jobs.runAll();
    bench.jobs.isHeld = false;
    bench.timers.pass(2_000);
    expect(bench.facts.at(-1)).toMatchObject({ pieces: [0, 1, 2], trouble: { code: 'EGONE' } });
    bench.fetchAll();
    expect(bench.test.bytesAt(final)).toEqual(bench.album.truth.slice(0, 40_000));
  });
});
