import { describe, expect, it } from 'vitest';
import { type FileStamp, isRecordedFile } from '../../../client/host/disk/file-stamp.ts';

const stamp: FileStamp = {
  bytes: 100,
  mtimeNs: '5000',
  ctimeNs: '5000',
  inode: '7',
  device: '1',
  bornNs: '4000',
};

describe('a file is the one that a record tells of', () => {
  it('when it was made at the same time and has its inode number, however it was written since', () => {
    const written = { ...stamp, bytes: 200, mtimeNs: '6000', ctimeNs: '6000' };
    expect(isRecordedFile(written, stamp)).toBe(true);
  });

  it('also when its disk has another number today', () => {
    expect(isRecordedFile({ ...stamp, device: '2' }, stamp)).toBe(true);
  });

  it('and not when it was made later and was given the inode number of a file that is gone', () => {
    expect(isRecordedFile({ ...stamp, bornNs: '4001' }, stamp)).toBe(false);
  });

  it('where the system does not say when it was made, only when it was not written since', () => {
    const { bornNs: _, ...rest } = stamp;
    const recorded = { ...rest, bornNs: undefined };
    expect(isRecordedFile(stamp, recorded)).toBe(true);
    expect(isRecordedFile({ ...stamp, mtimeNs: '5001' }, recorded)).toBe(false);
    expect(isRecordedFile({ ...stamp, bytes: 101 }, recorded)).toBe(false);
  });

  it('and not when the record tells of none in its place', () => {
    expect(isRecordedFile(stamp, undefined)).toBe(false);
  });
});
