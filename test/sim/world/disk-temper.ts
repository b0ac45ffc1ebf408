/** How fast the disk of a host is, and how often it goes wrong; and a disk that never does. */

/** How a disk behaves. Rates are chances in a million, drawn for every call. */
export interface DiskTemper {
  /** Until a read is answered: a disk that turns would need 10 ms, but 256 KiB are read at once and kept. */
  readMs: number;
  /** Until a piece is hashed and written. */
  storeMs: number;
  /** Up to so much more, drawn for every call. */
  jitterMs: number;
  /** Every write fails with this code while it is set; every read with the other. */
  failing: string | undefined;
  unreadable: string | undefined;
  /** Bytes that still fit; then ENOSPC, until somebody makes room. */
  freeBytes: number;
  readErrorPpm: number;
  writeErrorPpm: number;
  /** Reads that end before their block does. */
  shortReadPpm: number;
  /** Reads that bring a wrong byte without a word. */
  wrongReadPpm: number;
  /** Writes that are acknowledged and lose a block. */
  lostWritePpm: number;
  /** An fsync takes so long. */
  syncMs: number;
  /** Fsyncs that fail. */
  syncErrorPpm: number;
}

export const healthyDisk: Readonly<DiskTemper> = {
  readMs: 2,
  storeMs: 8,
  jitterMs: 0,
  failing: undefined,
  unreadable: undefined,
  freeBytes: Number.POSITIVE_INFINITY,
  readErrorPpm: 0,
  writeErrorPpm: 0,
  shortReadPpm: 0,
  wrongReadPpm: 0,
  lostWritePpm: 0,
  syncMs: 20,
  syncErrorPpm: 0,
};
