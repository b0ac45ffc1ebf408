/** Files that are written, moved or read at the same moment. */
import { describe, expect, it } from 'vitest';
import { StorageBench, torrent } from '../storage/storage-bench.ts';

const [part, final] = ['/out/album/a.flac.part', '/out/album/a.flac'];
const checks = ({ jobs }: StorageBench) => jobs.kinds.filter((kind) => kind === 'check').length;

describe('own writes', () => {
  it('an inspection does not take a write that a thread has not reported yet for a change', () => {
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

  it('an own write while the file is read for a foreign one is not taken for another foreign write afterwards', () => {
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

describe('files moved away while they are read', () => {
  it('a file that goes away while it is read is reported as missing, not as changed', () => {
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

  it('a file with its final name that goes away while it is read is downloaded again', () => {
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
