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

describe('recognizing a recorded file', () => {
  it('a file is recognized by birth time and inode, also after writes', () => {
    const written = { ...stamp, bytes: 200, mtimeNs: '6000', ctimeNs: '6000' };
    expect(isRecordedFile(written, stamp)).toBe(true);
  });

  it('a file is recognized even if its device number has changed', () => {
    expect(isRecordedFile({ ...stamp, device: '2' }, stamp)).toBe(true);
  });

  it('a later file with the inode number of a deleted one is not recognized', () => {
    expect(isRecordedFile({ ...stamp, bornNs: '4001' }, stamp)).toBe(false);
  });

  it('a file without a birth time is recognized only if it was not written since', () => {
    const { bornNs: _, ...rest } = stamp;
    const recorded = { ...rest, bornNs: undefined };
    expect(isRecordedFile(stamp, recorded)).toBe(true);
    expect(isRecordedFile({ ...stamp, mtimeNs: '5001' }, recorded)).toBe(false);
    expect(isRecordedFile({ ...stamp, bytes: 101 }, recorded)).toBe(false);
  });

  it('a file is not recognized when the record has none in its place', () => {
    expect(isRecordedFile(stamp, undefined)).toBe(false);
  });
});
