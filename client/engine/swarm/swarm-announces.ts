/**
 * Sends the announces of one torrent and handles the answers. The times are decided in announce-schedule.ts.
 * BEP 3 12 21
 */
import type { Context } from '../context.ts';
import type { AnnounceEvent, PeerAddress, PeerOrigin, TrackerAnswer, TrackerFact } from '../contract.ts';
import { AnnounceSchedule } from '../peers/announce-schedule.ts';
import { type TrackerStatus, trackerStatuses } from '../status.ts';
import type { SwarmExchange, SwarmIdentity, SwarmReport } from './swarm-exchange.ts';

/** What this class needs of the torrent's peers. */
interface PeersOfSwarm {
  readonly stopping: boolean;
  learn(peers: readonly PeerAddress[], origin: PeerOrigin, nowMs: number): void;
  report(report: SwarmReport): void;
}

export class SwarmAnnounces {
  readonly #identity: SwarmIdentity;
  readonly #content: SwarmExchange;
  readonly #peers: PeersOfSwarm;
  readonly #context: Context;
  readonly #schedule: AnnounceSchedule;

  constructor(identity: SwarmIdentity, content: SwarmExchange, peers: PeersOfSwarm, context: Context) {
    const { limits, random, nowMs } = context;
    this.#identity = identity;
    this.#content = content;
    this.#peers = peers;
    this.#context = context;
    this.#schedule = new AnnounceSchedule(identity.trackers, nowMs, limits, random);
  }

  get trackers(): readonly TrackerStatus[] {
    return trackerStatuses(this.#schedule, this.#context.nowMs);
  }

  /** `isAlone`: we want peers and have none. */
  tick(isAlone: boolean, nowMs: number): void {
    this.#schedule.setAlone(isAlone, nowMs);
    this.#announce(nowMs);
  }

  onFact(fact: TrackerFact, nowMs: number): void {
    switch (fact.type) {
      case 'announced':
        return this.#onAnnounced(fact.tracker, fact.answer, nowMs);
      case 'announce-failed':
        return this.#onFailed(fact.tracker, fact.reason, fact.retryInSeconds, nowMs);
      case 'tracker-returned':
        this.#schedule.onReturned(fact.tracker, fact.memoryId, nowMs);
        return this.#announce(nowMs);
      case 'announce-wished':
        this.#schedule.onWished(nowMs);
        return this.#announce(nowMs);
    }
  }

  #onAnnounced(tracker: string, answer: TrackerAnswer, nowMs: number): void {
    const peers = this.#context.ownAddresses.others(answer.peers, answer.ownHost);
    this.#schedule.onAnswer(tracker, { ...answer, peers }, nowMs, this.#context.port);
    this.#peers.report({ type: 'tracker-answered', tracker, peers: peers.length });
    if (this.#peers.stopping) return;
    this.#peers.learn(peers, 'tracker', nowMs);
    this.#announce(nowMs);
  }

  #onFailed(tracker: string, reason: string, retry: number | 'never' | undefined, nowMs: number): void {
    const retryInSeconds = this.#schedule.onFailure(tracker, reason, retry, nowMs);
    this.#peers.report({ type: 'tracker-failed', tracker, reason, retryInSeconds });
    if (!this.#peers.stopping) this.#announce(nowMs);
  }

  /** The last piece is stored. `isDownload`: pieces were missing at the start. */
  onCompleted(isDownload: boolean, nowMs: number): void {
    this.#schedule.onCompleted(isDownload, nowMs);
    this.#announce(nowMs);
  }

  /** We had all pieces and have lost some. */
  onIncomplete(nowMs: number): void {
    this.#schedule.onIncomplete(nowMs);
    this.#announce(nowMs);
  }

  /** This address is our own. */
  notCounted(own: PeerAddress): void {
    this.#schedule.notCounted(own);
  }

  /** Sends `stopped` to the trackers that list us. */
  stop(): void {
    for (const { url } of this.#schedule.stop()) this.#emit(url, 'stopped', 0);
  }

  /** Sends `stopped`, and pauses announces until `resume`. */
  suspend(): void {
    for (const { url } of this.#schedule.suspend()) this.#emit(url, 'stopped', 0);
  }

  resume(nowMs: number): void {
    this.#schedule.resume(nowMs);
    this.#announce(nowMs);
  }

  #announce(nowMs: number): void {
    const due = this.#schedule.next(nowMs);
    if (due !== undefined) this.#emit(due.tracker.url, due.event, this.#context.limits.peersWantedDefault);
  }

  #emit(tracker: string, event: AnnounceEvent, peersWanted: number): void {
    const { peerId, port } = this.#context;
    const { torrent, infoHash } = this.#identity;
    const { transferred, wantsSeeds } = this.#content;
    // BEP 21: a partial seed sends `paused` in every announce. An announce has one `event`, and as in
    // libtorrent those of BEP 3 go first, because a tracker may count by them.
    const isPartialSeed = !wantsSeeds && transferred.left > 0;
    const said = event ?? (isPartialSeed ? 'paused' : undefined);
    this.#context.emit({
      type: 'announce',
      request: { torrent, tracker, infoHash, peerId, port, ...transferred, event: said, peersWanted },
    });
  }
}
