/**
 * What a session needs of the machine: running torrents, and the files of stopped ones. `Client`
 * (client/host) is the real implementation. The simulator has another one, over simulated ports.
 */
import type { MagnetLink } from '../../torrents/magnet.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import type { PeerAddress } from '../engine/contract.ts';
import type { ActiveTorrent, DownloadOptions, SeedOptions, TorrentControl } from '../host/active-torrent.ts';
import type { RateLimits } from '../host/client.ts';
import type { MoveProgress } from '../host/own-content/move-content.ts';
import type { PendingMagnet } from '../host/pending-magnet.ts';

export interface TorrentHost {
  /** The port on which the client listens. */
  readonly port: number;
  /**
   * Fetches a torrent into a folder; the torrent's own folder or file goes inside it. Rejects with a
   * ClientError.
   */
  download(metainfo: Metainfo, options: DownloadOptions): Promise<ActiveTorrent>;
  /** Seeds files on disk. Rejects with a ClientError when they do not match the torrent. */
  seed(metainfo: Metainfo, options: SeedOptions): Promise<ActiveTorrent>;
  /**
   * Fetches the metadata of a magnet link from peers.                                                   BEP 9
   */
  openMagnet(
    link: MagnetLink,
    options: Pick<TorrentControl, 'onReport' | 'trust'> & { readonly peers?: readonly PeerAddress[] },
  ): PendingMagnet;
  setLimits(limits: RateLimits): void;
  /**
   * Deletes the resume record, so that the next start hashes everything. `path`: the torrent's own folder or
   * file.
   */
  forget(metainfo: Metainfo, path: string): Promise<void>;
  /**
   * Moves the files into another folder, all of them or none. The torrent must not run. Returns the new
   * place. Rejects with a ClientError.
   */
  move(
    metainfo: Metainfo,
    place: string,
    into: string,
    onProgress?: (progress: MoveProgress) => void,
  ): Promise<string>;
  /** Deletes the files, and folders that are empty afterwards. The torrent must not run. */
  erase(metainfo: Metainfo, place: string): Promise<void>;
  /** Free bytes on the folder's disk. Undefined if the system does not say. */
  freeBytes(folder: string): Promise<number | undefined>;
  /** Stops every torrent, announces the stop to trackers, and writes resume records. */
  close(): Promise<void>;
}
