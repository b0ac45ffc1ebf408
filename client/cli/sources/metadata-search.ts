/**
 * Finds the torrent that a magnet link or an info-hash stands for, by asking peers, and tells people meanwhile whom it
 * asks and why that takes so long.                                                                          BEP 9
 */
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { count } from '../../../torrents/wording.ts';
import type { PeerAddress, Report } from '../../engine/contract.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import type { Client } from '../../host/client.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import type { PendingMagnet } from '../../host/pending-magnet.ts';
import { FailedDials } from '../../session/following/failed-dials.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { addressText, type HostPort, resolvePeer } from '../options/endpoints.ts';
import type { LiveText, Output } from '../screen/output.ts';
import { dropReason } from '../swarm-view/drop-reasons.ts';
import { obstaclesOf, obstacleWords } from '../swarm-view/obstacles.ts';
import { withoutPasskey } from '../swarm-view/shown-tracker.ts';
import { TrackerComplaints } from '../swarm-view/tracker-complaints.ts';
import { trackerHost } from '../swarm-view/tracker-host.ts';
import { trackerWords, unansweredWords } from '../swarm-view/waiting-reason.ts';

export interface FoundTorrent {
  readonly metainfo: Metainfo;
  /** To go on with. */
  readonly peers: readonly PeerAddress[];
}

export class MetadataSearch {
  readonly #name: string;
  readonly #output: Output;
  readonly #infoHash: string;
  readonly #hasEvents: boolean;
  readonly #complaints: TrackerComplaints;
  readonly #webSeeds: readonly string[];
  readonly #dials = new FailedDials();
  #pending: PendingMagnet | undefined;

  /** With `one document` scripts hear nothing of the search: they wait for what is found. */
  constructor(
    link: MagnetLink,
    infoHash: string,
    output: Output,
    json: 'events' | 'one document' = 'events',
  ) {
    this.#hasEvents = json === 'events';
    this.#name = link.name === undefined ? `${infoHash.slice(0, 16)}…` : plain(link.name);
    this.#infoHash = infoHash;
    this.#output = output;
    this.#complaints = new TrackerComplaints(output, link.trackers);
    this.#webSeeds = link.webSeeds;
  }

  /** Rejects with what the client rejects with; a torrent from strangers may be no torrent at all. */
  async run(
    client: Client,
    link: MagnetLink,
    named: { readonly peers: readonly HostPort[]; readonly trust: UserTrust },
  ): Promise<FoundTorrent> {
    this.#announce('searching', { name: link.name ?? null });
    const peers = [...named.peers, ...(await this.#resolve(link.peers))];
    this.#pending = client.openMagnet(link, { peers, onReport: this.#onReport, trust: named.trust });
    const found = await this.#pending.found;
    this.#announce('found', { name: found.metainfo.name });
    return { metainfo: found.metainfo, peers: [...peers, ...found.peers] };
  }

  /** How it goes, in one line. */
  view(): LiveText {
    const words =
      this.#pending === undefined ? `looking for ${this.#name}` : this.#words(this.#pending.status());
    return { lines: () => [words], plain: () => words };
  }

  #words(status: TorrentStatus): string {
    const { peers, peersKnown, trackers } = status;
    const obstacles = obstaclesOf(status, this.#webSeeds, this.#dials.closers).filter(
      ({ code }) => code !== 'no-other-peers',
    );
    if (obstacles.length > 0) return `the torrent ${this.#name} is not found: ${obstacleWords(obstacles)}`;
    const says = trackers.length === 0 ? '' : ` (${trackers.map(trackerWords).join('; ')})`;
    if (peers.length > 0) return `asking ${count(peers.length, 'peer')} for the torrent ${this.#name}${says}`;
    if (peersKnown > 0)
      return `${count(peersKnown, 'peer')} may know the torrent ${this.#name}, none has answered yet${unansweredWords(this.#dials.reasons)}${says}`;
    return `looking for a peer that knows the torrent ${this.#name}${says}`;
  }

  /** Strangers' addresses: one that leads nowhere is no fault of whoever follows the link. */
  async #resolve(given: readonly string[]): Promise<HostPort[]> {
    const resolved = await Promise.allSettled(given.map((peer) => resolvePeer(peer, 'x.pe')));
    return resolved.flatMap((result) => {
      if (result.status === 'fulfilled') return [result.value];
      this.#output.detail(plain((result.reason as Error).message));
      return [];
    });
  }

  #announce(event: string, fields: object): void {
    if (this.#hasEvents) this.#output.document({ event, infoHash: this.#infoHash, ...fields });
  }

  readonly #onReport = (report: Report): void => {
    switch (report.type) {
      case 'peer-connected':
        this.#dials.onConnected(addressText(report.address));
        return this.#output.detail(`connected to ${addressText(report.address)}`);
      case 'dial-failed': {
        const peer = addressText(report.address);
        if (report.reason === 'connected-to-self' || !this.#dials.isNews(peer, report.reason)) return;
        this.#announce('dial-failed', { peer, reason: report.reason });
        return this.#output.detail(`not connected to ${peer}: ${dropReason(report.reason)}`);
      }
      case 'peer-dropped':
        return this.#output.detail(`left ${addressText(report.address)}: ${dropReason(report.reason)}`);
      case 'tracker-answered':
        this.#complaints.onAnswered(report.tracker);
        this.#announce('tracker-answered', { tracker: withoutPasskey(report.tracker), peers: report.peers });
        return this.#output.detail(`${trackerHost(report.tracker)} named ${count(report.peers, 'peer')}`);
      case 'tracker-failed':
        this.#announce('tracker-failed', { tracker: withoutPasskey(report.tracker), reason: report.reason });
        return this.#complaints.onFailed(report.tracker, report.reason, report.retryInSeconds);
    }
  };
}
