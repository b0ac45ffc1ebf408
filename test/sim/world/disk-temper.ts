/** The speed and failure rates of a host's disk, and a disk without failures. */

/** The behaviour of a disk. Rates are chances in a million, drawn for every call. */
export interface DiskTemper {
  /**
   * Duration of a read. A rotating disk needs 10 ms for a seek, but reads 256 KiB at once and caches them.
   */
  readMs: number;
  /** Duration of hashing and writing a piece. */
  storeMs: number;
  /** The largest extra duration, drawn for every call. */
  jitterMs: number;
  /** Every write fails with this code while it is set; every read with `unreadable`. */
  failing: string | undefined;
  unreadable: string | undefined;
  /** Bytes that still fit. Then writes fail with ENOSPC until space is freed. */
  freeBytes: number;
  readErrorPpm: number;
  writeErrorPpm: number;
  /** Reads that end before their block does. */
  shortReadPpm: number;
  /** Reads that silently return a wrong byte. */
  wrongReadPpm: number;
  /** Writes that are acknowledged and lose a block. */
  lostWritePpm: number;
  /** Duration of an fsync. */
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
