/** How a simulated disk behaves: which calls fail, and what it cannot do. */

/** Kinds of calls that may fail, each with its codes. */
export const failures = {
  open: ['EIO', 'EMFILE', 'EACCES'],
  read: ['EIO'],
  write: ['EIO', 'ENOSPC', 'EDQUOT'],
  sync: ['EIO'],
  name: ['EIO', 'ENOSPC', 'EROFS', 'EACCES'],
  look: ['EIO', 'EACCES'],
} as const;
export type CallKind = keyof typeof failures;

/** How a disk behaves; may be changed at any time. */
export interface DriveTemper {
  /** Of a million calls of a kind, so many fail. */
  failPpm: Partial<Record<CallKind, number>>;
  /** Whether calls about this path may fail. */
  failsAt: (at: string) => boolean;
  /** Of a million writes, so many take only a part of what they are given. */
  shortWritesPpm: number;
  descriptorsMax: number;
  /** What a failed fsync could not write is thrown away, as on Linux: the next one succeeds without it. */
  dropsUnsynced: boolean;
  /** Hard links are refused, as on FAT. */
  hasNoLinks: boolean;
}

export const healthyDrive = (): DriveTemper => ({
  failPpm: {},
  failsAt: () => true,
  shortWritesPpm: 0,
  descriptorsMax: Number.POSITIVE_INFINITY,
  dropsUnsynced: false,
  hasNoLinks: false,
});
