/** What a start believes by its record, what it reads, and what it does not look at. */
import { describe, expect, it } from 'vitest';
import type { ResumeRecord } from '../../../client/host/resume/resume-store.ts';
import { bytesOf } from '../../sim/storage/album.ts';
import { StorageBench, torrent } from '../storage/storage-bench.ts';
import { finished } from '../test-drive.ts';

/** As if the record had said something else. */
function amend(bench: StorageBench, change: Partial<ResumeRecord>): void {
  const { infoHash } = bench.album.metainfo;
  finished(bench.store.saving(infoHash, bench.files.rootPath, { ...bench.record()!, ...change }));
}

describe('a piece that is not recorded', () => {
  const stored = () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.stop();
    return bench;
  };

  it('is known to be missing after a clean end, while its files look as recorded: nothing is read', () => {
    const bench = stored();
    amend(bench, { have: Uint8Array.of(0x80) });
    const again = bench.again();
    expect([again.has(), again.hashedBytes]).toEqual([[0], 0]);
  });

  it('is read after any other end, though its files look as recorded', () => {
    const bench = stored();
    amend(bench, { have: Uint8Array.of(0x80), clean: false });
    expect(bench.again().has()).toEqual([0, 1]);
  });

  it('is read when a file that has its name would be refused without it', () => {
    const bench = new StorageBench();
    bench.fetchAll();
    bench.stop();
    amend(bench, { have: Uint8Array.of(0x78) });
    expect(bench.again().has()).toEqual([0, 1, 2, 3, 4]);
  });

  it('is read when only one of its files looks otherwise than recorded', () => {
    const bench = new StorageBench({ sizes: { 'a.flac': 40_000, 'b.flac': 20_000 } });
    for (const piece of [0, 2]) bench.fetch(piece);
    bench.stop();
    amend(bench, { have: Uint8Array.of(0x80) });
    const [first] = bytesOf(bench.album, bench.file('b.flac').file);
    bench.test.write('/out/album/b.flac.part', Uint8Array.of(first!));
    expect(bench.again().has()).toEqual([0, 2]);
  });

  it('is not looked for where a file of it is not there', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(3);
    bench.stop();
    bench.test.fs.remove('/out/album/disc/c.flac.part');
    const again = bench.again();
    expect([again.has(), again.hashedBytes]).toEqual([[0], 0]);
  });
});

it('a recorded piece is believed only when each of its files looks as recorded', () => {
  const bench = new StorageBench();
  for (const piece of [0, 1, 2, 3]) bench.fetch(piece);
  bench.stop();
  // Only the last of the three files of piece 2 has changed.
  bench.test.write('/out/album/disc/c.flac.part', Uint8Array.of(0), 0);
  expect(bench.again().has()).toEqual([0, 1, 3]);
});

it('pads are in no file, and the pieces that end with them are believed without reading', () => {
  const bench = new StorageBench({ sizes: { 'a.flac': 20_000, '.pad/12768': 12_768, 'b.flac': 20_000 } });
  bench.fetchAll();
  expect(bench.stop()).toMatchObject({ clean: true });
  const again = bench.again();
  expect([again.has(), again.hashedBytes]).toEqual([[0, 1, 2, 3], 0]);
});

it('nothing is believed of another program’s longer file in the place of one that is not wanted', () => {
  const bench = new StorageBench({ wanted: ['a.flac'] });
  for (const piece of [0, 1, 2]) bench.fetch(piece);
  bench.flush();
  const whole = bytesOf(bench.album, bench.file('c.flac').file);
  bench.test.fs.mkdir('/out/album/disc');
  bench.test.write('/out/album/disc/c.flac', Buffer.concat([whole, Buffer.from('more')]));
  const again = bench.again({ wanted: ['a.flac'] });
  expect(again.has()).toEqual([0, 1, 2]);
});

describe('what lies aside', () => {
  const stored = () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.stop()).toMatchObject({ clean: true });
    return bench;
  };

  it('is believed by the record, and not read again', () => {
    const again = stored().again({ wanted: ['a.flac'] });
    expect([again.has(), again.hashedBytes]).toEqual([[0, 1, 2], 0]);
  });

  it('goes home at a start that wants its files, and is forced to the disk there before it is recorded', () => {
    const again = stored().again();
    const { test } = again;
    expect(again.has()).toEqual([0, 1, 2]);
    expect(again.recorded()).toEqual([0, 1]);
    again.disk.finishComplete(torrent);
    expect(test.bytesAt('/out/album/b.txt')).toEqual(bytesOf(again.album, again.file('b.txt').file));
    expect(again.flush()).toEqual([0, 1, 2]);
    expect(test.drive.forcedAt('/out/album/b.txt')?.forcedBytes).toHaveLength(10);
    expect(test.drive.forcedAt('/out/album/disc/c.flac.part')?.forcedBytes).toHaveLength(9_142);
  });

  it('is not believed when others have changed it, nor is the rest of its piece', () => {
    const bench = stored();
    bench.test.write(bench.files.side!.path, new Uint8Array(5), 10_000);
    expect(bench.again({ wanted: ['a.flac'] }).has()).toEqual([0, 1]);
    expect(bench.again().has()).toEqual([0, 1]);
  });

  it('of one file goes home from all pieces that it shares with others', () => {
    // The second file has no piece of its own.
    const sizes = { 'a.flac': 20_000, 'b.flac': 20_000, 'c.flac': 20_000 };
    const bench = new StorageBench({ sizes, wanted: ['a.flac', 'c.flac'] });
    bench.fetchAll();
    bench.stop();
    const again = bench.again();
    expect(again.has()).toEqual([0, 1, 2, 3]);
    again.disk.finishComplete(torrent);
    expect(again.test.bytesAt('/out/album/b.flac')).toEqual(bytesOf(again.album, again.file('b.flac').file));
  });
});
