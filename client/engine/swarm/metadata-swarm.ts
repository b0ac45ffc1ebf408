/**
 * A torrent of which only the hash is known. The info dictionary is fetched from a few peers at once, and
 * whole from each, so that a wrong one has exactly one sender. The first correct one ends the search. BEP 9
 *
 * Invariant: at most `metadataSourcesMax` fetches, each of at most `metadataBytesMax`. The metadata is not
 * parsed or passed on before its hash has been checked.
 */
import type { Handshake } from '../../wire/handshake.ts';
import {
  type ExtensionHandshake,
  encodeExtensionHandshake,
  ourExtensionId,
} from '../connection/extension-handshake.ts';
import {
  encodeMetadataReject,
  encodeMetadataRequest,
  type MetadataMessage,
  metadataBlockBytes,
  metadataBlockCount,
} from '../connection/metadata-exchange.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { SessionEvents, Violation } from '../connection/session-events.ts';
import type { Context } from '../context.ts';
import type { ConnectionId, MagnetSpec } from '../contract.ts';
import type { PeerRecord } from '../peers/peer-record.ts';
import { peerStatus, type TorrentStatus } from '../status.ts';
import type { SwarmExchange } from './swarm-exchange.ts';
import { clientName, SwarmPeers } from './swarm-peers.ts';

/** A slow peer gets twice as long the next time, up to 16 minutes: 8 MiB at 70 kbit/s. */
const doublingsMax = 4;

/** One download of the info dictionary from one peer. */
interface Fetch {
  readonly session: PeerSession;
  readonly bytes: Uint8Array;
  readonly received: Uint8Array;
  receivedCount: number;
  nextBlock: number;
  progressMs: number;
  readonly startedMs: number;
}

export class MetadataSwarm implements SessionEvents<PeerSession>, SwarmExchange {
  readonly spec: MagnetSpec;
  readonly peers: SwarmPeers;
  readonly wantsSeeds = true;
  /** The real `left` is unknown; it is not 0, so that no tracker counts us as a seed. */
  readonly transferred = { uploaded: 0, downloaded: 0, left: metadataBlockBytes };
  readonly #context: Context;
  readonly #fetches = new Map<ConnectionId, Fetch>();
  /** Peers that sent a reject, and when each is asked again: it may only have been busy. BEP 9 */
  readonly #refusedUntilMs = new Map<ConnectionId, number>();
  /** Complete and being checked, with the peer that sent it. */
  readonly #checking = new Map<ConnectionId, { readonly record: PeerRecord; readonly bytes: Uint8Array }>();

  /**
   * How often peers of each host were given up as too slow. By host, because an incoming peer has another
   * port each time and would never get more time. The latest `peersKnownMax` hosts are kept.
   */
  readonly #slowness = new Map<string, number>();
  /** The correct metadata has arrived; no more peers are asked. */
  #isFound = false;

  constructor(spec: MagnetSpec, context: Context, nowMs: number) {
    this.spec = spec;
    this.#context = context;
    this.peers = new SwarmPeers(spec, this, context);
    this.tick(nowMs, 0);
  }

  /** Entries for peers, for the simulator's check of table sizes. */
  get busyCount(): number {
    return Math.max(this.#fetches.size, this.#refusedUntilMs.size);
  }

  tick(nowMs: number, elapsedMs: number): void {
    if (this.peers.stopping) return;
    const { idleTimeoutMs } = this.#context.limits;
    for (const session of this.peers.sessions.values()) {
      if (elapsedMs > 0) session.down.tick(elapsedMs);
      if (nowMs - session.heardMs >= idleTimeoutMs) this.peers.drop(session, 'silent', nowMs);
      else session.keepAlive(nowMs);
    }
    for (const fetch of this.#fetches.values()) if (this.#isTooSlow(fetch, nowMs)) this.#giveUp(fetch, nowMs);
    this.peers.tick(nowMs);
    this.#fetchMore(nowMs);
  }

  /**
   * On a slow link one block takes longer than `metadataTimeoutMs`; its first bytes already count as a sign
   * of life.
   */
  #isTooSlow({ session, progressMs, startedMs }: Fetch, nowMs: number): boolean {
    const { metadataTimeoutMs, metadataFetchMsMax } = this.#context.limits;
    const doublings = Math.min(doublingsMax, this.#slowness.get(session.record.address.host) ?? 0);
    const allowedMs = metadataFetchMsMax * (1 << doublings);
    return (
      nowMs - Math.max(progressMs, session.heardMs) >= metadataTimeoutMs || nowMs - startedMs >= allowedMs
    );
  }

  /** Disconnects a slow peer, so that others get its place. It gets more time when it reconnects. */
  #giveUp({ session }: Fetch, nowMs: number): void {
    const { host } = session.record.address;
    const times = 1 + (this.#slowness.get(host) ?? 0);
    this.#slowness.delete(host);
    this.#slowness.set(host, times);
    if (this.#slowness.size > this.#context.limits.peersKnownMax)
      this.#slowness.delete(this.#slowness.keys().next().value!);
    this.peers.drop(session, 'stalled', nowMs);
  }

  // Coming and going ----------------------------------------------------------------------------------------

  onJoined(session: PeerSession, record: PeerRecord, handshake: Handshake): void {
    session.open(this, undefined, record, handshake);
    const { limits, port } = this.#context;
    const ours = {
      client: clientName,
      reqq: limits.uploadQueueMax,
      port,
      uploadOnly: false,
      metadataBytes: undefined,
    };
    // BEP 6: the first message says what we have, and without the metadata we have nothing.
    session.sendPieces(0, 1, () => new Uint8Array(0));
    session.sendExtended(ourExtensionId.handshake, encodeExtensionHandshake(ours));
  }

  onLeft(session: PeerSession, nowMs: number): void {
    this.#fetches.delete(session.connection);
    this.#refusedUntilMs.delete(session.connection);
    if (!this.peers.stopping) this.#fetchMore(nowMs);
  }

  onExtensions(_session: PeerSession, _extensions: ExtensionHandshake, nowMs: number): void {
    this.#fetchMore(nowMs);
  }

  // Fetching ------------------------------------------------------------------------------------------------

  /** Starts fetches from peers that offer the metadata, up to `metadataSourcesMax` at once. */
  #fetchMore(nowMs: number): void {
    if (this.#isFound) return;
    const { metadataSourcesMax, metadataBytesMax, metadataRequestsMax } = this.#context.limits;
    for (const session of this.peers.sessions.values()) {
      if (this.#fetches.size + this.#checking.size >= metadataSourcesMax) return;
      const { connection, extensions } = session;
      if (this.#fetches.has(connection) || this.#checking.has(connection)) continue;
      if (nowMs < (this.#refusedUntilMs.get(connection) ?? 0)) continue;
      const { metadataBytes, utMetadataId } = extensions ?? {};
      if (metadataBytes === undefined || utMetadataId === undefined || metadataBytes > metadataBytesMax)
        continue;
      const bytes = new Uint8Array(metadataBytes);
      const received = new Uint8Array(metadataBlockCount(metadataBytes));
      const fetch: Fetch = {
        session,
        bytes,
        received,
        receivedCount: 0,
        nextBlock: 0,
        progressMs: nowMs,
        startedMs: nowMs,
      };
      this.#fetches.set(connection, fetch);
      for (let i = 0; i < metadataRequestsMax; i++) this.#askNext(fetch);
    }
  }

  #askNext(fetch: Fetch): void {
    const id = fetch.session.extensions?.utMetadataId;
    // The peer may have withdrawn its ut_metadata id: then the fetch ends by its timeout.
    if (id === undefined || fetch.nextBlock >= fetch.received.length) return;
    fetch.session.sendExtended(id, encodeMetadataRequest(fetch.nextBlock++));
  }

  onMetadata(session: PeerSession, message: MetadataMessage, nowMs: number): Violation | undefined {
    const fetch = this.#fetches.get(session.connection);
    if (message.type === 'request') {
      const id = session.extensions?.utMetadataId;
      if (id !== undefined) session.sendExtended(id, encodeMetadataReject(message.blockIndex));
      return undefined;
    }
    if (fetch === undefined) return undefined;
    const { blockIndex } = message;
    // Each block must have been requested, and comes once.
    if (blockIndex >= fetch.nextBlock || fetch.received[blockIndex] === 1) return 'extension-malformed';
    if (message.type === 'reject') {
      this.#fetches.delete(session.connection);
      this.#refusedUntilMs.set(session.connection, nowMs + this.#context.limits.metadataTimeoutMs);
      this.#fetchMore(nowMs);
      return undefined;
    }
    const at = blockIndex * metadataBlockBytes;
    if (message.bytes.length !== Math.min(metadataBlockBytes, fetch.bytes.length - at))
      return 'extension-malformed';
    fetch.bytes.set(message.bytes, at);
    fetch.received[blockIndex] = 1;
    fetch.receivedCount += 1;
    fetch.progressMs = nowMs;
    session.down.add(message.bytes.length);
    session.pipeline.onDelivered(nowMs);
    if (fetch.receivedCount < fetch.received.length) this.#askNext(fetch);
    else this.#check(fetch);
    return undefined;
  }

  #check({ session, bytes }: Fetch): void {
    const { connection } = session;
    this.#fetches.delete(connection);
    this.#checking.set(connection, { record: session.record, bytes });
    this.#context.emit({ type: 'check-metadata', torrent: this.spec.torrent, connection, bytes });
  }

  onMetadataChecked(connection: ConnectionId, isRight: boolean, nowMs: number): void {
    const checked = this.#checking.get(connection);
    this.#checking.delete(connection);
    if (checked === undefined || this.peers.stopping) return;
    if (isRight) {
      if (this.#isFound) return;
      this.#isFound = true;
      this.#fetches.clear();
      const peers = this.peers.knownAddresses;
      this.peers.report({ type: 'metadata-received', infoBytes: checked.bytes, peers });
    } else {
      this.peers.ban(checked.record, 'sent-corrupt-metadata', nowMs);
      this.#fetchMore(nowMs);
    }
  }

  stop(nowMs: number): void {
    this.peers.stop(nowMs);
    this.peers.report({ type: 'stopped' });
  }

  status(): TorrentStatus {
    return {
      complete: false,
      haveCount: 0,
      pieceCount: 0,
      haveBytes: 0,
      totalBytes: 0,
      wantedBytes: 0,
      haveWantedBytes: 0,
      downloaded: 0,
      uploaded: 0,
      wasted: 0,
      downBps: 0,
      upBps: 0,
      peers: [...this.peers.sessions.values()].map(peerStatus),
      peersKnown: this.peers.knownCount,
      trackers: this.peers.trackers,
      offline: false,
      trouble: undefined,
    };
  }

  // Without a geometry the session handles these messages itself and calls none of these methods.

  onPieces(): void {}
  onHave(): void {}
  onPeerChoking(): void {}
  onPeerInterested(): void {}
  onCancel(): void {}
  onReject(): undefined {}
  onBlock(): void {}
  onRequest(): undefined {}
  advance(): void {}
  onBlockStart(): undefined {}
}
