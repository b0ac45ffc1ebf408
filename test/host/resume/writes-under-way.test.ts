/** What is on its way to the disk, and what the writing of a piece makes of its files. */
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

describe('a file is being written', () => {
  it('until the last of its pieces is there, also by a piece that lies in it twice or beside a pad', () => {
    const writes = new WritesUnderWay();
    const [a, b] = [stored(), stored()];
    writes.onWriting([placeIn(a), placeIn(undefined), placeIn(b)]);
    writes.onWriting([placeIn(a)]);
    writes.onWritten([placeIn(a), placeIn(undefined), placeIn(b)]);
    expect([writes.isWriting(a), writes.isWriting(b)]).toEqual([true, false]);
    writes.onWritten([placeIn(a)]);
    expect(writes.isWriting(a)).toBe(false);
  });

  it('and so is the side file that its part lies in, as long as one of them is', () => {
    const writes = new WritesUnderWay();
    const [a, b, side] = [stored(), stored(), {}];
    writes.onWriting([placeIn(a, 10, side, true)]);
    writes.onWriting([placeIn(b, 10, side, true)]);
    writes.onWritten([placeIn(a, 10, side, true)]);
    expect([writes.isWriting(a), writes.isWriting(b), writes.isWriting(side)]).toEqual([false, true, true]);
    writes.onWritten([placeIn(b, 10, side, true)]);
    expect(writes.isWriting(side)).toBe(false);
  });

  it('and nothing is on its way when every piece is written and every file has its name', async () => {
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

describe('a file is whole with a piece', () => {
  it('when that has all that is missing of it, and lies in its own place', () => {
    const [a, b] = [stored(10), stored(11)];
    const places = [placeIn(a), placeIn(b), placeIn(undefined)];
    expect([isWholeWith(a, places), isWholeWith(b, places)]).toEqual([true, false]);
    expect(isWholeWith(a, [placeIn(a, 10, {}, true)])).toBe(false);
    expect(isWholeWith(stored(0), places)).toBe(true);
  });
});

describe('what we have written', () => {
  const later = { ...stamp, bytes: 50, mtimeNs: '6000', ctimeNs: '6000' };

  it('is how a file looks from then on, unless another piece was written later', () => {
    const file = stored();
    noteWritten([placeIn(file)], [later]);
    expect(file.seen).toBe(later);
    noteWritten([placeIn(file)], [stamp]);
    expect(file.seen).toBe(later);
  });

  it('is told by place: a file that was only compared has no looks of ours', () => {
    const [a, b] = [stored(), stored()];
    noteWritten([placeIn(a), placeIn(b)], [undefined, later]);
    expect([a.seen, b.seen]).toEqual([stamp, later]);
    noteWritten([placeIn(a)]);
    expect(a.seen).toBe(stamp);
  });

  it('says nothing of the file that was made since in its place, nor of one that is lost', () => {
    const file = stored();
    noteWritten([placeIn(file)], [{ ...later, inode: '8' }]);
    expect(file.seen).toBe(stamp);
    file.seen = undefined;
    noteWritten([placeIn(file)], [later]);
    expect(file.seen).toBeUndefined();
  });

  it('may be lost by as many fsyncs as have failed of each of its files, pads not counted', () => {
    const unforced = new UnforcedPieces();
    const [a, b] = [stored(), stored()];
    unforced.onFailed(b);
    const places = [placeIn(a), placeIn(undefined), placeIn(b)];
    expect(failuresOf({ unforced } as TorrentFiles, places)).toEqual([0, 1]);
  });
});

describe('of two looks of one file that only we write', () => {
  it('the one with the later time is the later one, however the numbers are written', () => {
    const [nine, ten] = [
      { ...stamp, mtimeNs: '999' },
      { ...stamp, mtimeNs: '1000' },
    ];
    expect([laterStamp(nine, ten), laterStamp(ten, nine)]).toEqual([ten, ten]);
  });

  it('the longer one is, within one tick of the clock', () => {
    const longer = { ...stamp, bytes: 101 };
    expect([laterStamp(stamp, longer), laterStamp(longer, stamp)]).toEqual([longer, longer]);
  });

  it('the new one counts when the other is of another file, or none', () => {
    const other = { ...stamp, inode: '8', mtimeNs: '9000' };
    expect([laterStamp(other, stamp), laterStamp(undefined, stamp)]).toEqual([stamp, stamp]);
  });
});

describe('a file looks the same', () => {
  it('when size, times and inode are, whatever its disk is called today', () => {
    expect(sameStamp({ ...stamp, device: '2' }, stamp)).toBe(true);
    const changes = [{ bytes: 101 }, { mtimeNs: '5001' }, { ctimeNs: '5001' }, { inode: '8' }];
    for (const change of changes) expect(sameStamp({ ...stamp, ...change }, stamp)).toBe(false);
    expect(sameStamp({ ...stamp, ctimeNs: undefined }, stamp)).toBe(true);
    expect(sameStamp(undefined, undefined)).toBe(false);
  });

  it('and is the same one when disk, inode and birth are, however it was written', () => {
    expect(sameFile({ ...stamp, bytes: 1, mtimeNs: '1', ctimeNs: '1' }, stamp)).toBe(true);
    const changes = [{ device: '2' }, { inode: '8' }, { bornNs: '4001' }];
    for (const change of changes) expect(sameFile({ ...stamp, ...change }, stamp)).toBe(false);
    expect(sameFile({ ...stamp, bornNs: undefined }, stamp)).toBe(true);
    expect(sameFile(undefined, undefined)).toBe(false);
  });

  it('only when it is a plain file', () => {
    const looks = { size: 1n, mtimeNs: 1n, ctimeNs: 1n, birthtimeNs: 0n, ino: 1n, dev: 1n };
    expect(stampFrom({ ...looks, isFile: () => false } as FileStats)).toBeUndefined();
    expect(stampFrom({ ...looks, isFile: () => true } as FileStats)).toMatchObject({
      bytes: 1,
      bornNs: undefined,
    });
  });
});
