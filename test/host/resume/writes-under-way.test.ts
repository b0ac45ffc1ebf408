/** Writes under way, and how a written piece changes the state of its files. */
import { describe, expect, it } from 'vitest';
import type { FileStamp } from '../../../client/host/disk/file-stamp.ts';
import { laterStamp, sameFile, sameStamp, stampFrom } from '../../../client/host/disk/file-stamp.ts';
import type { FileStats } from '../../../client/host/disk/file-system.ts';
import { UnforcedPieces } from '../../../client/host/resume/unforced-pieces.ts';
import { WritesUnderWay } from '../../../client/host/resume/writes-under-way.ts';
import { failuresOf, isWholeWith, noteWritten } from '../../../client/host/resume/written-places.ts';
import type { Place, StoredFile } from '../../../client/host/storage/stored-file.ts';
import type { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';

const stamp: FileStamp = {
  bytes: 100,
  mtimeNs: '5000',
  ctimeNs: '5000',
  inode: '7',
  device: '1',
  bornNs: '4000',
};
const stored = (missingBytes = 0) => ({ missingBytes, seen: stamp, partPath: 'a.part' }) as StoredFile;
const placeIn = (file: StoredFile | undefined, bytes = 10, at: unknown = file, isAside = false) =>
  ({ file, at: at ?? {}, bytes, isAside }) as Place;

describe('files that are being written', () => {
  it('a file is being written until its last piece is written, also with several pieces or a pad file beside it', () => {
    const writes = new WritesUnderWay();
    const [a, b] = [stored(), stored()];
    writes.onWriting([placeIn(a), placeIn(undefined), placeIn(b)]);
    writes.onWriting([placeIn(a)]);
    writes.onWritten([placeIn(a), placeIn(undefined), placeIn(b)]);
    expect([writes.isWriting(a), writes.isWriting(b)]).toEqual([true, false]);
    writes.onWritten([placeIn(a)]);
    expect(writes.isWriting(a)).toBe(false);
  });

  it('the part file is being written while a piece with a part in it is', () => {
    const writes = new WritesUnderWay();
    const [a, b, side] = [stored(), stored(), {}];
    writes.onWriting([placeIn(a, 10, side, true)]);
    writes.onWriting([placeIn(b, 10, side, true)]);
    writes.onWritten([placeIn(a, 10, side, true)]);
    expect([writes.isWriting(a), writes.isWriting(b), writes.isWriting(side)]).toEqual([false, true, true]);
    writes.onWritten([placeIn(b, 10, side, true)]);
    expect(writes.isWriting(side)).toBe(false);
  });

  it('no write is under way once every piece is written and every file has its final name', async () => {
    const writes = new WritesUnderWay();
    await writes.settled();
    writes.onWriting([]);
    const isOver = writes.onNaming();
    let count = 0;
    const all = [0, 1].map(() =>
      writes.settled().then(() => {
        count += 1;
      }),
    );
    writes.onWritten([]);
    await null;
    expect(count).toBe(0);
    isOver();
    await Promise.all(all);
    expect(count).toBe(2);
  });
});

describe('files that a piece completes', () => {
  it('a piece completes a file when it has all missing bytes and lies in the file’s own place', () => {
    const [a, b] = [stored(10), stored(11)];
    const places = [placeIn(a), placeIn(b), placeIn(undefined)];
    expect([isWholeWith(a, places), isWholeWith(b, places)]).toEqual([true, false]);
    expect(isWholeWith(a, [placeIn(a, 10, {}, true)])).toBe(false);
    expect(isWholeWith(stored(0), places)).toBe(true);
  });
});

describe('the stamps of own writes', () => {
  const later = { ...stamp, bytes: 50, mtimeNs: '6000', ctimeNs: '6000' };

  it('a file has the stamp of the last own write, also when writes are reported out of order', () => {
    const file = stored();
    noteWritten([placeIn(file)], [later]);
    expect(file.seen).toBe(later);
    noteWritten([placeIn(file)], [stamp]);
    expect(file.seen).toBe(later);
  });

  it('a file that was only compared gets no stamp from a write', () => {
    const [a, b] = [stored(), stored()];
    noteWritten([placeIn(a), placeIn(b)], [undefined, later]);
    expect([a.seen, b.seen]).toEqual([stamp, later]);
    noteWritten([placeIn(a)]);
    expect(a.seen).toBe(stamp);
  });

  it('a write gives no stamp to a file created since in its place, nor to a lost one', () => {
    const file = stored();
    noteWritten([placeIn(file)], [{ ...later, inode: '8' }]);
    expect(file.seen).toBe(stamp);
    file.seen = undefined;
    noteWritten([placeIn(file)], [later]);
    expect(file.seen).toBeUndefined();
  });

  it('a write counts the failed fsyncs of each of its files, without pad files', () => {
    const unforced = new UnforcedPieces();
    const [a, b] = [stored(), stored()];
    unforced.onFailed(b);
    const places = [placeIn(a), placeIn(undefined), placeIn(b)];
    expect(failuresOf({ unforced } as TorrentFiles, places)).toEqual([0, 1]);
  });
});

describe('the later of two stamps of one file', () => {
  it('the stamp with the later time is the later one, compared as a number', () => {
    const [nine, ten] = [
      { ...stamp, mtimeNs: '999' },
      { ...stamp, mtimeNs: '1000' },
    ];
    expect([laterStamp(nine, ten), laterStamp(ten, nine)]).toEqual([ten, ten]);
  });

  it('the longer of two stamps is the later one within one tick of the clock', () => {
    const longer = { ...stamp, bytes: 101 };
    expect([laterStamp(stamp, longer), laterStamp(longer, stamp)]).toEqual([longer, longer]);
  });

  it('the new stamp counts when the other is missing or of another file', () => {
    const other = { ...stamp, inode: '8', mtimeNs: '9000' };
    expect([laterStamp(other, stamp), laterStamp(undefined, stamp)]).toEqual([stamp, stamp]);
  });
});

describe('comparing stamps', () => {
  it('stamps are equal when size, times and inode are, also with another device number', () => {
    expect(sameStamp({ ...stamp, device: '2' }, stamp)).toBe(true);
    const changes = [{ bytes: 101 }, { mtimeNs: '5001' }, { ctimeNs: '5001' }, { inode: '8' }];
    for (const change of changes) expect(sameStamp({ ...stamp, ...change }, stamp)).toBe(false);
    expect(sameStamp({ ...stamp, ctimeNs: undefined }, stamp)).toBe(true);
    expect(sameStamp(undefined, undefined)).toBe(false);
  });

  it('a file is the same when device, inode and birth time are, also after writes', () => {
    expect(sameFile({ ...stamp, bytes: 1, mtimeNs: '1', ctimeNs: '1' }, stamp)).toBe(true);
    const changes = [{ device: '2' }, { inode: '8' }, { bornNs: '4001' }];
    for (const change of changes) expect(sameFile({ ...stamp, ...change }, stamp)).toBe(false);
    expect(sameFile({ ...stamp, bornNs: undefined }, stamp)).toBe(true);
    expect(sameFile(undefined, undefined)).toBe(false);
  });

  it('only a plain file has a stamp', () => {
    const looks = { size: 1n, mtimeNs: 1n, ctimeNs: 1n, birthtimeNs: 0n, ino: 1n, dev: 1n };
    expect(stampFrom({ ...looks, isFile: () => false } as FileStats)).toBeUndefined();
    expect(stampFrom({ ...looks, isFile: () => true } as FileStats)).toMatchObject({
      bytes: 1,
      bornNs: undefined,
    });
  });
});
