/**
 * A magnet link whose info dictionary is being fetched from peers: turns the engine's reports into one
 * promise.                                                                                              BEP 9
 */
import { peerLimits } from '../../torrents/bencode/bencode.ts';
import type { MagnetLink } from '../../torrents/magnet.ts';
import { type Metainfo, parseInfo } from '../../torrents/metainfo/metainfo.ts';
import type { PeerAddress, Report } from '../engine/contract.ts';
import type { TorrentStatus } from '../engine/status.ts';
import { ClientError } from './client-error.ts';

export interface FoundTorrent {
  readonly metainfo: Metainfo;
  readonly peers: readonly PeerAddress[];
}

export interface PendingMagnet {
  status(): TorrentStatus;
  /**
   * The torrent of the link, and peers to start with. Its info dictionary is parsed with the limits for
   * untrusted input.
   */
  readonly found: Promise<FoundTorrent>;
  stop(): void;
}

/**
 * What the client keeps for the link while it runs. `letGo` is called once, when the torrent is found or the
 * link is stopped.
 */
export function awaitMagnet(
  link: MagnetLink,
  status: () => TorrentStatus,
  letGo: () => void,
): { readonly magnet: PendingMagnet; readonly onReport: (report: Report) => void } {
  const found = Promise.withResolvers<FoundTorrent>();
  // A caller that does not wait for the promise must not be ended by its rejection.
  found.promise.catch(() => {});
  const onReport = (report: Report) => {
    if (report.type !== 'metadata-received') return;
    // After the engine's turn, because this causes new facts.
    queueMicrotask(letGo);
    const trackers = link.trackers.map((tracker) => [tracker]);
    const { webSeeds } = link;
    try {
      const metainfo = parseInfo(report.infoBytes, { limits: peerLimits, trackers, webSeeds });
      found.resolve({ metainfo, peers: report.peers });
    } catch (error) {
      found.reject(error);
    }
  };
  const stop = () => {
    letGo();
    found.reject(new ClientError('stopped', 'stopped before the torrent was found'));
  };
  return { magnet: { status, found: found.promise, stop }, onReport };
}
