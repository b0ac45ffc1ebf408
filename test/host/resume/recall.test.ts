/** What a start believes by its record, what it reads, and what it does not inspect. */
import { describe, expect, it } from 'vitest';
import type { ResumeRecord } from '../../../client/host/resume/resume-store.ts';
import { bytesOf } from '../../sim/storage/album.ts';
import { StorageBench, torrent } from '../storage/storage-bench.ts';
import { finished } from '../test-drive.ts';

/** Rewrites the record. */
function amend(bench: StorageBench, change: Partial<ResumeRecord>): void {
  const { infoHash } = bench.album.metainfo;
  finished(bench.store.saving(infoHash, bench.files.rootPath, { ...bench.record()!, ...change }));
}

describe('pieces that are not recorded', () => {
  const stored = () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(1);
    bench.stop();
    return bench;
  };

  it('an unrecorded piece is missing without a read after a clean end, while its files are as recorded', () => {
    const bench = stored();
    amend(bench, { have: Uint8Array.of(0x80) });
    const again = bench.again();
    expect([again.has(), again.hashedBytes]).toEqual([[0], 0]);
  });

  it('an unrecorded piece is read after any other end, even if its files are as recorded', () => {
    const bench = stored();
    amend(bench, { have: Uint8Array.of(0x80), clean: false });
    expect(bench.again().has()).toEqual([0, 1]);
  });

  it('an unrecorded piece is read when a file with its final name would be refused without it', () => {
    const bench = new StorageBench();
    bench.fetchAll();
    bench.stop();
    amend(bench, { have: Uint8Array.of(0x78) });
    expect(bench.again().has()).toEqual([0, 1, 2, 3, 4]);
  });

  it('an unrecorded piece is read when only one of its files differs from the record', () => {
    const bench = new StorageBench({ sizes: { 'a.flac': 40_000, 'b.flac': 20_000 } });
    for (const piece of [0, 2]) bench.fetch(piece);
    bench.stop();
    amend(bench, { have: Uint8Array.of(0x80) });
    const [first] = bytesOf(bench.album, bench.file('b.flac').file);
    bench.test.write('/out/album/b.flac.part', Uint8Array.of(first!));
    expect(bench.again().has()).toEqual([0, 2]);
  });

  it('an unrecorded piece is not read when one of its files is missing', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.fetch(3);
    bench.stop();
    bench.test.fs.remove('/out/album/disc/c.flac.part');
    const again = bench.again();
    expect([again.has(), again.hashedBytes]).toEqual([[0], 0]);
  });
});

it('a recorded piece is believed only when each of its files is as recorded', () => {
  const bench = new StorageBench();
  for (const piece of [0, 1, 2, 3]) bench.fetch(piece);
  bench.stop();
  // Only the last of the three files of piece 2 has changed.
  bench.test.write('/out/album/disc/c.flac.part', Uint8Array.of(0), 0);
  expect(bench.again().has()).toEqual([0, 1, 3]);
});

it('pad files are not on the disk, and pieces that end with them are believed without reading', () => {
  const bench = new StorageBench({ sizes: { 'a.flac': 20_000, '.pad/12768': 12_768, 'b.flac': 20_000 } });
  bench.fetchAll();
  expect(bench.stop()).toMatchObject({ clean: true });
  const again = bench.again();
  expect([again.has(), again.hashedBytes]).toEqual([[0, 1, 2, 3], 0]);
});

it('no piece is believed from another program’s longer file in the place of an unwanted one', () => {
  const bench = new StorageBench({ wanted: ['a.flac'] });
  for (const piece of [0, 1, 2]) bench.fetch(piece);
  bench.flush();
  const whole = bytesOf(bench.album, bench.file('c.flac').file);
  bench.test.fs.mkdir('/out/album/disc');
  bench.test.write('/out/album/disc/c.flac', Buffer.concat([whole, Buffer.from('more')]));
  const again = bench.again({ wanted: ['a.flac'] });
  expect(again.has()).toEqual([0, 1, 2]);
});

describe('data in the part file', () => {
  const stored = () => {
    const bench = new StorageBench({ wanted: ['a.flac'] });
    for (const piece of [0, 1, 2]) bench.fetch(piece);
    expect(bench.stop()).toMatchObject({ clean: true });
    return bench;
  };

  it('the part file is believed by the record and not read again', () => {
    const again = stored().again({ wanted: ['a.flac'] });
    expect([again.has(), again.hashedBytes]).toEqual([[0, 1, 2], 0]);
  });

  it('data in the part file moves into its files at a start that wants them, and is synced there before it is recorded', () => {
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

  it('the part file is not believed when another program has changed it, nor are the rest of its pieces', () => {
    const bench = stored();
    bench.test.write(bench.files.side!.path, new Uint8Array(5), 10_000);
    expect(bench.again({ wanted: ['a.flac'] }).has()).toEqual([0, 1]);
    expect(bench.again().has()).toEqual([0, 1]);
  });

  it('a selected file gets the parts of all pieces that it shares with others from the part file', () => {
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
