/** What the watch of stored content needs from outside. */
import type { Report, TorrentId } from '../../engine/contract.ts';
import type { Timers } from '../disk/timers.ts';
import type { FactSink } from '../ports.ts';
import type { StorageJobs } from '../storage/storage-job.ts';

export interface ContentWorld {
  readonly sink: FactSink;
  readonly pool: StorageJobs;
  readonly timers: Timers;
  /** Closes the open descriptors of a file. */
  readonly forget: (torrent: TorrentId, key: string) => void;
  /** Reports to the user what the engine does not. */
  readonly report: (report: Report) => void;
}
