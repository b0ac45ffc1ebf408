/**
 * Follows one torrent over pauses and restarts. This is the only place that turns engine reports into session
 * events. It also keeps what a user interface shows: bytes per peer, failed dials and their reasons, and
 * whether the disk refuses writes.
 *
 * Left to others: texts (each interface has its own), when to look.
 */
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { DiskTrouble, PeerAddress, Report } from '../../engine/contract.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import { isFailingDisk } from '../../engine/swarm/loss-pace.ts';
import type { ActiveTorrent } from '../../host/active-torrent.ts';
import { isHopeless } from '../../host/client-error.ts';
import { isAboutFiles } from '../../host/disk/disk-errors.ts';
import type { DiskEvent, SwarmEvent } from '../transfers/transfer-event.ts';
import { addressText } from './address-text.ts';
import { DiskRefusal } from './disk-refusal.ts';
import { FailedDials } from './failed-dials.ts';
import { type SourceFigures, SourceTally } from './source-tally.ts';

/** While the disk refuses writes, so that a user who frees space sees whether it is enough. */
const askFreeEveryMs = 1_000;

export interface FollowingPorts {
  /** Monotonic. */
  nowMs(): number;
  /** Free bytes on the torrent's disk. */
  freeBytes(): Promise<number | undefined>;
}

/** Reason → count. */
type Reasons = ReadonlyMap<string, number>;

export interface Departures {
  /** Ended connections. */
  readonly ended: Reasons;
  /** Failed dials. */
  readonly unreached: Reasons;
}

export class Following {
  readonly #emit: (event: SwarmEvent | DiskEvent) => void;
  readonly #ports: FollowingPorts;
  readonly #tally = new SourceTally();
  /** By index, because a restart creates new file objects. */
  readonly #filesDone = new Set<number>();
  readonly #departures = { ended: new Map<string, number>(), unreached: new Map<string, number>() };
  readonly #refusal = new DiskRefusal();
  /** Peers that could not be connected. */
  readonly dials = new FailedDials();
  /** The last known free bytes of the disk that refuses writes. */
  freeBytes: number | undefined;
  #freeAskedMs = -askFreeEveryMs;
  #startedMs = 0;
  #startedBytes = 0;
  #active: ActiveTorrent | undefined;

  constructor(emit: (event: SwarmEvent | DiskEvent) => void, ports: FollowingPorts) {
    this.#emit = emit;
    this.#ports = ports;
  }

  /** The torrent runs. Files that are complete already are not reported. */
  attach(active: ActiveTorrent): void {
    this.#active = active;
    this.#startedMs = this.#ports.nowMs();
    this.#startedBytes = active.status().haveWantedBytes;
    for (const file of active.metainfo.files) if (this.#isFinished(file)) this.#filesDone.add(file.index);
  }

  /** The torrent has stopped. What was collected stays. */
  detach(): void {
    this.#active = undefined;
  }

  /** Since the torrent was started. Checking its files does not count. */
  get seconds(): number {
    return (this.#ports.nowMs() - this.#startedMs) / 1000;
  }

  /**
   * Bytes of wanted files fetched since the start. The download counter would also count pad files and
   * duplicate blocks.                                                                                  BEP 47
   */
  fetchedBytes({ haveWantedBytes, downloaded }: TorrentStatus): number {
    // Bytes that another torrent fetched to the same path were only compared, so they do not count.
    return Math.min(haveWantedBytes - this.#startedBytes, downloaded);
  }

  /** The peers that sent most come first. To be called often enough to see every peer's bytes. */
  sources({ peers }: TorrentStatus): SourceFigures[] {
    return this.#tally.figures(peers);
  }

  get departures(): Departures {
    return this.#departures;
  }

  /**
   * The current refusal of the disk; undefined while it accepts writes. During a refusal the rates mean
   * nothing, because fetched data is lost.
   */
  get diskTrouble(): DiskTrouble | undefined {
    return this.#refusal.trouble;
  }

  /** The disk accepts writes again, but the refusal may not be over yet. */
  get isDiskSettling(): boolean {
    return this.#refusal.isSettling;
  }

  readonly onReport = (report: Report): void => {
    switch (report.type) {
      case 'peer-connected': {
        const peer = this.#tally.onConnected(report.address);
        this.dials.onConnected(peer);
        return this.#emit({ type: 'peer-connected', peer });
      }
      case 'peer-dropped': {
        const { reason, downloaded: bytes } = report;
        countOne(this.#departures.ended, reason);
        const { address: peer, lied } = this.#tally.onDropped(report);
        return this.#emit({ type: 'peer-dropped', peer, reason, bytes, lied });
      }
      case 'dial-failed':
        return this.#onDialFailed(report.address, report.reason);
      case 'piece-failed':
        return this.#emit({ type: 'piece-failed', pieceIndex: report.pieceIndex });
      case 'piece-stored':
        return this.#tellFiles(report.pieceIndex);
      case 'tracker-answered':
        return this.#emit({ type: 'tracker-answered', tracker: report.tracker, peers: report.peers });
      case 'tracker-failed': {
        const { tracker, reason, retryInSeconds } = report;
        return this.#emit({ type: 'tracker-failed', tracker, reason, retryInSeconds });
      }
      case 'disk-trouble': {
        const about = subjectOf(report.trouble);
        const isNews = about === 'disk' && this.#isRefusalNews(report.trouble, false);
        return this.#emit({ type: 'disk-trouble', trouble: report.trouble, about, isNews });
      }
      case 'pieces-lost': {
        const { pieceCount: pieces, bytes, trouble } = report;
        for (const index of this.#filesDone) if (!this.#active?.hasFile(index)) this.#filesDone.delete(index);
        const about = isHopeless(trouble) ? 'end' : isFailingDisk(trouble) ? 'disk' : 'files';
        const isNews = about === 'disk' && this.#isRefusalNews(trouble, true);
        return this.#emit({ type: 'pieces-lost', pieces, bytes, trouble, about, isNews });
      }
      case 'content-offline':
        return this.#emit({ type: 'content-offline', trouble: report.trouble });
      case 'content-online':
        return this.#emit({ type: 'content-online' });
      case 'completed':
        return this.look();
      case 'metadata-received':
      case 'stopped':
        return;
    }
  };

  /** To be called a few times a second: checks whether the disk accepts writes again. */
  look(): void {
    if (this.#active === undefined || this.#refusal.trouble === undefined) return;
    const { haveWantedBytes, complete } = this.#active.status();
    const nowMs = this.#ports.nowMs();
    if (this.#refusal.look(haveWantedBytes, complete, nowMs)) this.#emit({ type: 'disk-recovered' });
    if (this.#refusal.trouble === undefined || nowMs < this.#freeAskedMs + askFreeEveryMs) return;
    this.#freeAskedMs = nowMs;
    this.#ports.freeBytes().then(
      (bytes) => {
        this.freeBytes = bytes;
      },
      () => {},
    );
  }

  #isRefusalNews(trouble: DiskTrouble, hasLost: boolean): boolean {
    const { complete, haveWantedBytes } = this.#active?.status() ?? { complete: false, haveWantedBytes: 0 };
    // When a seed cannot read a piece, its peers request it elsewhere, so nothing waits for its disk.
    return complete || this.#refusal.onTrouble(trouble, haveWantedBytes, hasLost);
  }

  #onDialFailed(address: PeerAddress, reason: string): void {
    // Trackers also return this client's own address. That is not a failed peer.
    if (reason === 'connected-to-self') return;
    countOne(this.#departures.unreached, reason);
    const peer = addressText(address);
    if (this.dials.isNews(peer, reason)) this.#emit({ type: 'dial-failed', peer, reason });
  }

  /** A file is done when it has its final name, which it gets with its last piece. */
  #tellFiles(pieceIndex: number): void {
    if (this.#active === undefined) return;
    for (const file of filesOfPiece(this.#active.metainfo, pieceIndex)) {
      if (this.#filesDone.has(file.index) || !this.#isFinished(file)) continue;
      this.#filesDone.add(file.index);
      this.#emit({ type: 'file-done', file });
    }
  }

  #isFinished({ isPad, index }: TorrentFile): boolean {
    return !isPad && (this.#active?.hasFile(index) ?? false);
  }
}

function filesOfPiece({ geometry, layout }: Metainfo, pieceIndex: number): readonly TorrentFile[] {
  const piece = geometry.pieceIndex(pieceIndex);
  if (piece === undefined) return [];
  const segments = layout.segments(geometry.pieceOffset(piece), geometry.pieceBytes(piece));
  return [...segments].flatMap(({ fileIndex }) => layout.files[fileIndex] ?? []);
}

function subjectOf(trouble: DiskTrouble): 'files' | 'end' | 'disk' {
  if (isHopeless(trouble)) return 'end';
  return isAboutFiles(trouble) ? 'files' : 'disk';
}

function countOne(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
