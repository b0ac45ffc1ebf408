/** Words a disk error: what is wrong, the figures, and what to do. Pure. */
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { size } from '../../../torrents/wording.ts';
import type { DiskTrouble } from '../../engine/contract.ts';

const goesOn = 'the download goes on then';

/** `missingBytes`: bytes that the download still needs; `freeBytes`: free space of its disk; where known. */
export function diskWords(
  { code, message }: DiskTrouble,
  {
    missingBytes,
    freeBytes,
  }: { readonly missingBytes?: number; readonly freeBytes?: number | undefined } = {},
): string {
  // A terminal cuts a line at its end, so the advice comes first.
  const makeRoom =
    missingBytes === undefined || freeBytes === undefined
      ? 'make room'
      : `make room for ${size(missingBytes)} (${size(freeBytes)} free)`;
  switch (code) {
    case 'ENOSPC':
      return `the disk is full: ${makeRoom}; ${goesOn}`;
    case 'EDQUOT':
      return `your share of the disk is used up: ${makeRoom}; ${goesOn}`;
    case 'EROFS':
      return `the disk can only be read: make it writable; ${goesOn}`;
    case 'EACCES':
    case 'EPERM':
      return `writing is not allowed (${displayPath([message])}): change the rights; ${goesOn}`;
    case 'EFBIG':
      return `the disk takes no file of this size (${displayPath([message])}): stop, and choose another --out`;
    case 'EIO':
      return `the disk fails (${displayPath([message])}): check it; Cicada tries again`;
    default:
      return `the disk refuses (${displayPath([message])}); Cicada tries again`;
  }
}
