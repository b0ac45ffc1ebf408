/**
 * Follows one torrent while it runs, over pauses and new starts: engine reports become the session's events here and nowhere
 * else, and what an interface may ask is kept: who gave how much, who could not be reached and why, whether the disk refuses.
 *
 * Left to others: words (each interface has its own), when to look.
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

/** While a disk refuses: the user makes room, and looks whether that is enough. */
const askFreeEveryMs = 1_000;

export interface FollowingPorts {
  /** Never goes back. */
  nowMs(): number;
  /** Of the disk on which the torrent lies. */
  freeBytes(): Promise<number | undefined>;
}

/** How often, by reason. */
type Reasons = ReadonlyMap<string, number>;

export interface Departures {
  /** Connections. */
  readonly ended: Reasons;
  /** Dials that came to none. */
  readonly unreached: Reasons;
}

export class Following {
  readonly #emit: (event: SwarmEvent | DiskEvent) => void;
  readonly #ports: FollowingPorts;
  readonly #tally = new SourceTally();
  /** By index: another start has other objects for them. */
  readonly #filesDone = new Set<number>();
  readonly #departures = { ended: new Map<string, number>(), unreached: new Map<string, number>() };
  readonly #refusal = new DiskRefusal();
  /** Peers that were dialed in vain. */
  readonly dials = new FailedDials();
  /** Of the disk that refuses, as it was asked last. */
  freeBytes: number | undefined;
  #freeAskedMs = -askFreeEveryMs;
  #startedMs = 0;
  #startedBytes = 0;
  #active: ActiveTorrent | undefined;

  constructor(emit: (event: SwarmEvent | DiskEvent) => void, ports: FollowingPorts) {
    this.#emit = emit;
    this.#ports = ports;
  }

  /** It runs. Files that are there already are not news. */
  attach(active: ActiveTorrent): void {
    this.#active = active;
    this.#startedMs = this.#ports.nowMs();
    this.#startedBytes = active.status().haveWantedBytes;
    for (const file of active.metainfo.files) if (this.#isFinished(file)) this.#filesDone.add(file.index);
  }

  /** It runs no more; what is known of it stays. */
  detach(): void {
    this.#active = undefined;
  }

  /** Since it runs; checking what was there does not count. */
  get seconds(): number {
    return (this.#ports.nowMs() - this.#startedMs) / 1000;
  }

  /** Bytes of files that have come since it runs: what came on the wire has pads and what came twice, too.  BEP 47 */
  fetchedBytes({ haveWantedBytes, downloaded }: TorrentStatus): number {
    // What another torrent has fetched to the same place was only compared.
    return Math.min(haveWantedBytes - this.#startedBytes, downloaded);
  }

  /** The most generous first. To be called often enough to see every peer's bytes. */
  sources({ peers }: TorrentStatus): SourceFigures[] {
    return this.#tally.figures(peers);
  }

  get departures(): Departures {
    return this.#departures;
  }

  /** What the disk refuses now; undefined while it takes what comes. Rates say nothing then: what comes is lost. */
  get diskTrouble(): DiskTrouble | undefined {
    return this.#refusal.trouble;
  }

  /** The disk takes pieces again, and it is not certain yet that it goes on so. */
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

  /** To be called a few times a second: whether the disk takes again what it has refused. */
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
    // A seed that cannot read something has its peers ask others: nothing waits for its disk.
    return complete || this.#refusal.onTrouble(trouble, haveWantedBytes, hasLost);
  }

  #onDialFailed(address: PeerAddress, reason: string): void {
    // Trackers name us, too: no peer has failed then.
    if (reason === 'connected-to-self') return;
    countOne(this.#departures.unreached, reason);
    const peer = addressText(address);
    if (this.dials.isNews(peer, reason)) this.#emit({ type: 'dial-failed', peer, reason });
  }

  /** A file is done when it has its final name, which its last piece gives it. */
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
