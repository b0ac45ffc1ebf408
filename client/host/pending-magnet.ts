/** A magnet link whose info dictionary is being fetched from peers: from the engine's reports to one promise.  BEP 9 */
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
  /** The torrent it stands for, and peers to go on with; parsed as what it is, a stranger's file. */
  readonly found: Promise<FoundTorrent>;
  stop(): void;
}

/** What the client keeps of it while it runs. `letGo` is called once, when it is found or given up. */
export function awaitMagnet(
  link: MagnetLink,
  status: () => TorrentStatus,
  letGo: () => void,
): { readonly magnet: PendingMagnet; readonly onReport: (report: Report) => void } {
  const found = Promise.withResolvers<FoundTorrent>();
  // A caller that does not wait for it must not be ended by its rejection.
  found.promise.catch(() => {});
  const onReport = (report: Report) => {
    if (report.type !== 'metadata-received') return;
    // Not from within the engine's turn: what follows are new facts.
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
