/**
 * What a session asks of the machine: torrents that run, and their files when they do not. `Client` (client/host) is the
 * real one; the simulator has another, over simulated ports.
 */
import type { MagnetLink } from '../../torrents/magnet.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import type { PeerAddress } from '../engine/contract.ts';
import type { ActiveTorrent, DownloadOptions, SeedOptions, TorrentControl } from '../host/active-torrent.ts';
import type { RateLimits } from '../host/client.ts';
import type { MoveProgress } from '../host/own-content/move-content.ts';
import type { PendingMagnet } from '../host/pending-magnet.ts';

export interface TorrentHost {
  /** Where it listens. */
  readonly port: number;
  /** Fetches into a folder: the torrent's own folder or file goes inside it. Rejects with a ClientError. */
  download(metainfo: Metainfo, options: DownloadOptions): Promise<ActiveTorrent>;
  /** Gives on what lies there. Rejects with a ClientError when it is not what the torrent says. */
  seed(metainfo: Metainfo, options: SeedOptions): Promise<ActiveTorrent>;
  /** Asks trackers and peers what a magnet link stands for.  BEP 9 */
  openMagnet(
    link: MagnetLink,
    options: Pick<TorrentControl, 'onReport' | 'trust'> & { readonly peers?: readonly PeerAddress[] },
  ): PendingMagnet;
  setLimits(limits: RateLimits): void;
  /** What was verified before is not believed any more: the next start reads all of it. `path`: its own folder or file. */
  forget(metainfo: Metainfo, path: string): Promise<void>;
  /** Its files go into another folder, all of them or none. It must not run. Answers its new place. Rejects with a ClientError. */
  move(
    metainfo: Metainfo,
    place: string,
    into: string,
    onProgress?: (progress: MoveProgress) => void,
  ): Promise<string>;
  /** Its files are deleted, and folders that are empty then. It must not run. */
  erase(metainfo: Metainfo, place: string): Promise<void>;
  /** Of the disk that holds this folder; undefined where the system does not say. */
  freeBytes(folder: string): Promise<number | undefined>;
  /** Every torrent is stopped, trackers are told, records are written. */
  close(): Promise<void>;
}
