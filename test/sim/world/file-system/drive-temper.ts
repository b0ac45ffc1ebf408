/** The behaviour of a simulated disk: which calls fail, and what it does not support. */

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

/** The behaviour of a disk; may be changed at any time. */
export interface DriveTemper {
  /** Failing calls in a million, by kind. */
  failPpm: Partial<Record<CallKind, number>>;
  /** Whether calls about this path may fail. */
  failsAt: (at: string) => boolean;
  /** Writes in a million that write only a part of their bytes. */
  shortWritesPpm: number;
  descriptorsMax: number;
  /** Drops what a failed fsync could not write, as Linux does: the next fsync succeeds without it. */
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
