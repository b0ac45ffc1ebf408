/**
 * Starts a transfer: fetches the metadata of a magnet link, checks the files on disk, and starts the torrent.
 */
import type { HashProgress } from '../../../torrents/hashing/engine.ts';
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { PeerAddress, Report } from '../../engine/contract.ts';
import type { ActiveTorrent } from '../../host/active-torrent.ts';
import type { DiskSpace } from '../../host/disk/free-space.ts';
import type { FoundTorrent, PendingMagnet } from '../../host/pending-magnet.ts';
import type { TorrentHost } from '../torrent-host.ts';
import { choiceFor } from './file-patterns.ts';
import type { TransferEvent } from './transfer-event.ts';
import type { AddRequest, TransferSettings } from './transfer-settings.ts';
import type { Turns } from './turns.ts';

export interface StartWorld {
  readonly host: TorrentHost;
  /** Resolves the peer addresses of a magnet link. Names that cannot be resolved are left out. */
  resolvePeers(named: readonly string[]): Promise<readonly PeerAddress[]>;
  /** Limits how many checks of files run at once, per kind of transfer. */
  readonly turns: Readonly<Record<TransferSettings['kind'], Turns>>;
}

/** Where a start reports to. */
export interface StartPorts {
  readonly signal: AbortSignal;
  readonly onReport: (report: Report) => void;
  readonly emit: (event: TransferEvent) => void;
}

/**
 * `onPending`: called with the search when it begins, and with undefined when it ends. The answer has all
 * peers known by then.
 */
export async function findTorrent(
  link: MagnetLink,
  { trust, peers: own = [] }: TransferSettings,
  { host, resolvePeers }: StartWorld,
  { signal, onReport }: StartPorts,
  onPending: (pending: PendingMagnet | undefined) => void,
): Promise<FoundTorrent> {
  const peers = [...own, ...(await resolvePeers(link.peers))];
  signal.throwIfAborted();
  const pending = host.openMagnet(link, { peers, onReport, trust });
  onPending(pending);
  const stop = () => pending.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const found = await pending.found;
    return { metainfo: found.metainfo, peers: [...peers, ...found.peers] };
  } finally {
    signal.removeEventListener('abort', stop);
    onPending(undefined);
  }
}

/** The result of a start. */
export interface Started {
  readonly active: ActiveTorrent;
  /** Files were hashed, not only found in the resume record. */
  readonly isChecked: boolean;
  /** Only for downloads. */
  readonly space: DiskSpace | undefined;
}

/** Waits for its turn. Rejects with a ClientError, or with the signal's reason. */
export async function startTorrent(
  metainfo: Metainfo,
  settings: TransferSettings,
  { host, turns }: StartWorld,
  ports: StartPorts,
  onTurn: AddRequest['onTurn'],
): Promise<Started> {
  return await turns[settings.kind].take(ports.signal, async (giveWay) => {
    const chosen = { ...settings, ...(await onTurn?.(metainfo)) };
    ports.signal.throwIfAborted();
    return settings.kind === 'share'
      ? await share(metainfo, chosen, host, ports)
      : await fetch(metainfo, chosen, host, ports, giveWay);
  });
}

async function share(
  metainfo: Metainfo,
  { place, trust, verify }: TransferSettings,
  host: TorrentHost,
  ports: StartPorts,
): Promise<Started> {
  const look = new Look(ports);
  const how = verify === undefined ? {} : { verify };
  const active = await host.seed(metainfo, { ...look.control, ...how, path: place, trust });
  return { active, isChecked: look.isChecked, space: undefined };
}

async function fetch(
  metainfo: Metainfo,
  settings: TransferSettings,
  host: TorrentHost,
  ports: StartPorts,
  giveWay: () => void,
): Promise<Started> {
  const { place, trust, choice, spaceCheck, upgradeFrom, peers = [] } = settings;
  const look = new Look(ports);
  let space: DiskSpace | undefined;
  const active = await host.download(metainfo, {
    ...{ ...look.control, trust, folder: place, peers },
    ...(choice && { select: choiceFor(metainfo, choice) }),
    ...(upgradeFrom && { upgradeFrom }),
    ...(spaceCheck !== undefined && { spaceCheck }),
    onSpace: (found) => {
      space = found;
    },
    onWait: (wait) => {
      // While it waits for another torrent to fetch a file, the next transfer may start: it may be that
      // torrent.
      if (wait !== undefined) giveWay();
      ports.emit({ type: 'waiting', wait });
    },
    onUnguarded: (error) => ports.emit({ type: 'unguarded', error }),
  });
  return { active, isChecked: look.isChecked, space };
}

/** Notes whether anything had to be hashed. */
class Look {
  isChecked = false;
  readonly control;

  constructor({ signal, onReport, emit }: StartPorts) {
    this.control = {
      ...{ signal, onReport },
      onCheck: (progress: HashProgress) => {
        this.isChecked = true;
        emit({ type: 'checking', progress });
      },
    };
  }
}
