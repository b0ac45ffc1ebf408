/**
 * Which peers are in which swarm: the whole decision of a tracker, in memory. Each call passes the request,
 * the address, the time and the random numbers. The registry has no clock, socket or promise, so that the
 * simulator runs it too.
 *
 * Invariant: one record per (torrent, address, port), none older than the timeout after `expire`, and no peer
 * gets itself. Left to others: bytes (protocol/), proxies (http/), when to expire (server.ts).
 *                                                                                            BEP 3 7 23 24 48
 */
import { latin1 } from '../torrents/byte-text.ts';
import { isLoopback } from './protocol/address.ts';
import { type AnnounceRequest, numWantMax } from './protocol/announce-query.ts';
import type { AnnounceReply } from './protocol/announce-reply.ts';
import type { TrackerFailure } from './protocol/reply.ts';
import type { ScrapedTorrent } from './protocol/scrape-reply.ts';
import { countFromAddress } from './registry/address-counts.ts';
import type { PeerAddress } from './registry/asker-view.ts';
import { type RegistryOptions, resolveOptions } from './registry/limits.ts';
import { type PackedPeers, type RandomBelow, selectPeers } from './registry/peer-selection.ts';
import { PeerTable } from './registry/peer-table.ts';
import { hashBytes } from './registry/slot-index.ts';
import { oldestFirst, type SavedPeer, type SavedSwarm, savedPools } from './registry/snapshot.ts';
import { kindOf, local, type PoolKind, Swarm } from './registry/swarm.ts';

export type { ExternalAddresses, PeerAddress } from './registry/asker-view.ts';
export type { RegistryOptions } from './registry/limits.ts';
export type { RandomBelow } from './registry/peer-selection.ts';
export { kindOf } from './registry/swarm.ts';

/** A removal takes well under a microsecond, so this many delay an announce by some 20 ms. */
const expiredAtOnceMax = 20_000;

export class Registry {
  readonly #options: RegistryOptions;
  readonly #swarms = new Map<string, Swarm>();
  readonly #peers: PeerTable;
  #expired = 0;
  /** When the first announce came; -Infinity if a snapshot's peers were restored. */
  #beganMs: number | undefined;

  constructor(options: Partial<RegistryOptions> = {}) {
    this.#options = resolveOptions(options);
    this.#peers = new PeerTable(this.#options.hashSeed);
  }

  /** A peer counts once in each of its swarms. `expired`: peers dropped so far because they fell silent. */
  get counts(): { torrents: number; seeds: number; leechers: number; expired: number } {
    const { count, seeds } = this.#peers;
    return { torrents: this.#swarms.size, seeds, leechers: count - seeds, expired: this.#expired };
  }

  /**
   * Answers an announce. `nowMs` never goes back; `random` picks the peers and spreads the intervals. The
   * caller owns the bytes in the reply. `swarmHash`: 20 bytes, the peer's swarm if a torrent has several.
   */
  announce(
    request: AnnounceRequest,
    address: PeerAddress,
    nowMs: number,
    random: RandomBelow,
    swarmHash: Uint8Array = request.infoHash,
  ): AnnounceReply | TrackerFailure {
    const { port, event } = request;
    this.#beganMs ??= nowMs;
    if (!this.#options.isAllowed(request.infoHash)) return notServed;
    const key = latin1(swarmHash);
    const kind = kindOf(address.remote);
    const endpoint = packEndpoint(address.remote, port);
    let swarm = this.#swarms.get(key);
    let slot = swarm && this.#peers.find(swarm, kind, endpoint);
    if (event === 'stopped') {
      if (slot !== undefined) this.#remove(slot);
      return this.#reply(swarm, noPeers, address, this.#interval(random, false));
    }
    const isSeed = request.left === 0;
    const wasSeed = slot !== undefined && this.#peers.isSeed(slot);
    const warning = slot === undefined ? this.#whyNotListed(swarm, kind, endpoint) : undefined;
    if (slot !== undefined) {
      this.#peers.refresh(slot, isSeed, toSeconds(nowMs));
    } else if (warning === undefined) {
      swarm ??= this.#addSwarm(key, swarmHash);
      slot = this.#peers.add(swarm, kind, endpoint, isSeed, toSeconds(nowMs));
    }
    if (swarm === undefined) {
      return this.#reply(undefined, noPeers, address, this.#interval(random, false), warning);
    }
    if (event === 'completed' && slot !== undefined && isSeed && !wasSeed) swarm.downloaded += 1;
    const listed = slot === undefined ? undefined : { kind, record: this.#peers.record(slot) };
    const wanted = Math.min(request.numWant, numWantMax);
    const mayBeMagnet = isSeed && event !== 'completed' && request.uploaded === 0 && request.downloaded === 0;
    // Neither a seed nor a partial seed downloads.  BEP 21
    const isSated = isSeed || event === 'paused';
    const asker = { address, port, isSeed: isSated, mayBeMagnet, wanted, listed };
    const peers = selectPeers(swarm, asker, this.#options.externalAddresses, random);
    const isGathering = !isSated && nowMs < this.#beganMs + 1000 * this.#options.gatheringSeconds;
    return this.#reply(swarm, peers, address, this.#interval(random, isGathering), warning);
  }

  /**
   * One entry per requested hash. Unknown and forbidden hashes look like empty swarms. `swarmOf`: the swarm
   * of a hash if a torrent has several; undefined if the asker may not know of any.
   */
  scrape(
    infoHashes: readonly Uint8Array[],
    swarmOf: (infoHash: Uint8Array) => Uint8Array | undefined = itself,
  ): ScrapedTorrent[] {
    return infoHashes.map((infoHash) => {
      const hash = this.#options.isAllowed(infoHash) ? swarmOf(infoHash) : undefined;
      const swarm = hash && this.#swarms.get(latin1(hash));
      const complete = swarm?.seeds ?? 0;
      const incomplete = (swarm?.count ?? 0) - complete;
      return { infoHash, complete, incomplete, downloaded: swarm?.downloaded ?? 0 };
    });
  }

  /** Drops peers that were silent for the timeout, a limited number per call. Returns how many. */
  expire(nowMs: number): number {
    const before = toSeconds(nowMs) - this.#options.peerTimeoutSeconds;
    let expired = 0;
    while (expired < expiredAtOnceMax) {
      const slot = this.#peers.silentSince(before);
      if (slot === undefined) break;
      this.#remove(slot);
      expired += 1;
    }
    this.#expired += expired;
    return expired;
  }

  /** Removes a peer that may no longer be in this swarm. */
  remove(swarmHash: Uint8Array, remote: Uint8Array, port: number): void {
    const swarm = this.#swarms.get(latin1(swarmHash));
    const slot = swarm && this.#peers.find(swarm, kindOf(remote), packEndpoint(remote, port));
    if (slot !== undefined) this.#remove(slot);
  }

  /** Removes all peers and resets the counters. */
  drop(swarmHash: Uint8Array): void {
    const key = latin1(swarmHash);
    const swarm = this.#swarms.get(key);
    if (swarm === undefined) return;
    for (const slot of this.#peers.of(swarm)) this.#remove(slot);
    swarm.downloaded = 0;
  }

  /**
   * Every swarm that has peers, in its state when the generator reaches it: announces may come in between.
   * All ages count from `nowMs`. A peer that returns in the meantime may be in it twice.
   */
  *saved(nowMs: number): Generator<SavedSwarm> {
    const nowSeconds = toSeconds(nowMs);
    for (const swarm of this.#swarms.values()) {
      if (swarm.count === 0) continue;
      const pools = savedPools(swarm, (pool, record) => nowSeconds - this.#peers.seenSeconds(pool, record));
      yield {
        hash: Uint8Array.from(swarm.key, (byte) => byte.charCodeAt(0)),
        downloaded: swarm.downloaded,
        pools,
      };
    }
  }

  /**
   * Lists the peers of a snapshot, before the first announce. `downMs`: age of the snapshot. A peer that has
   * been silent for the timeout by now is left out. `mayReturn` is called for each peer, `onReturn` for each
   * listed one. The limits of announces hold, except the one per address and swarm, which held when they
   * announced. Returns how many are listed.
   */
  restore(
    swarms: readonly SavedSwarm[],
    { nowMs, downMs }: { readonly nowMs: number; readonly downMs: number },
    mayReturn: (peer: SavedPeer) => boolean = () => true,
    onReturn: (peer: SavedPeer, seenMs: number) => void = () => {},
  ): number {
    const options = this.#options;
    const downSeconds = Math.max(0, Math.ceil(downMs / 1000));
    let restored = 0;
    for (const peer of oldestFirst(swarms)) {
      const { swarm: saved, kind, endpoint, isSeed, ageSeconds } = peer;
      const silentSeconds = ageSeconds + downSeconds;
      if (silentSeconds > options.peerTimeoutSeconds || !options.isAllowed(saved.hash) || !mayReturn(peer))
        continue;
      const key = latin1(saved.hash);
      let swarm = this.#swarms.get(key);
      if (swarm !== undefined && this.#peers.find(swarm, kind, endpoint) !== undefined) continue;
      const isFull =
        this.#peers.count >= options.peersMax ||
        (swarm === undefined && this.#swarms.size >= options.torrentsMax) ||
        (swarm !== undefined && swarm.count >= options.peersPerTorrentMax) ||
        (kind !== local && this.#peers.addresses.of(endpoint) >= options.peersPerAddressMax);
      if (isFull) continue;
      swarm ??= this.#addSwarm(key, saved.hash);
      swarm.downloaded = Math.max(swarm.downloaded, saved.downloaded);
      const seenSeconds = toSeconds(nowMs) - silentSeconds;
      this.#peers.add(swarm, kind, endpoint, isSeed, seenSeconds);
      onReturn(peer, seenSeconds * 1000);
      restored += 1;
    }
    if (restored > 0) this.#beganMs = -Infinity;
    return restored;
  }

  /** Keeps the counters of this torrent even when it has no peers. */
  keep(infoHash: Uint8Array): void {
    const key = latin1(infoHash);
    const swarm = this.#swarms.get(key) ?? this.#addSwarm(key, infoHash);
    swarm.isKept = true;
  }

  /** The seconds until the next announce, plus a random tenth, so that not all peers announce at once. */
  #interval(random: RandomBelow, isGathering: boolean): number {
    const { intervalSeconds: usual, gatheringIntervalSeconds } = this.#options;
    const seconds = isGathering ? Math.min(usual, gatheringIntervalSeconds) : usual;
    return seconds + random(Math.floor(seconds / 10) + 1);
  }

  #reply(
    swarm: Swarm | undefined,
    { peers, peers6 }: PackedPeers,
    { remote }: PeerAddress,
    intervalSeconds: number,
    warning?: string,
  ): AnnounceReply {
    const complete = swarm?.seeds ?? 0;
    return {
      intervalSeconds,
      minIntervalSeconds: this.#options.minIntervalSeconds,
      complete,
      incomplete: (swarm?.count ?? 0) - complete,
      peers,
      peers6,
      // A loopback address is not an external address.
      ...(!isLoopback(remote) && { externalAddress: remote }),
      ...(warning !== undefined && { warning }),
    };
  }

  /** The limit that keeps a new peer off the list, worded for its user. Undefined if it may be listed. */
  #whyNotListed(swarm: Swarm | undefined, kind: PoolKind, endpoint: Uint8Array): string | undefined {
    const options = this.#options;
    if (swarm === undefined && this.#swarms.size >= options.torrentsMax) {
      return 'this tracker has no room for another torrent: you are not listed';
    }
    if (this.#peers.count >= options.peersMax) return 'this tracker is full: you are not listed';
    if (swarm !== undefined && swarm.count >= options.peersPerTorrentMax) {
      return 'this swarm is full: you get peers, but are not listed';
    }
    // No limits for loopback.
    if (kind === local) return undefined;
    if (this.#peers.addresses.of(endpoint) >= options.peersPerAddressMax) {
      return 'too many torrents from your address: this one is not listed';
    }
    const pool = swarm?.pools[kind];
    const enough = options.peersPerAddressAndTorrentMax;
    if (pool !== undefined && pool.count >= enough && countFromAddress(pool, endpoint, enough) >= enough) {
      return 'too many peers from your address in this swarm: you are not listed';
    }
    return undefined;
  }

  #addSwarm(key: string, infoHash: Uint8Array): Swarm {
    const swarm = new Swarm(key, hashBytes(infoHash, this.#options.hashSeed));
    this.#swarms.set(key, swarm);
    return swarm;
  }

  #remove(slot: number): void {
    const swarm = this.#peers.remove(slot);
    if (swarm.count === 0 && !swarm.isKept) this.#swarms.delete(swarm.key);
  }
}

const noPeers: PackedPeers = { peers: new Uint8Array(0), peers6: new Uint8Array(0) };

/** The answer for every torrent that is not served, existing or not, so that it reveals nothing. */
export const notServed: TrackerFailure = { failureReason: 'this tracker does not serve that torrent' };

const itself = (infoHash: Uint8Array): Uint8Array => infoHash;

function toSeconds(nowMs: number): number {
  return Math.floor(nowMs / 1000);
}

/** ::1 and 127.0.0.1 are the same machine, so both become 127.0.0.1. */
export function packEndpoint(address: Uint8Array, port: number): Uint8Array {
  const host = address.length === 16 && isLoopback(address) ? loopbackAddress : address;
  const endpoint = new Uint8Array(host.length + 2);
  endpoint.set(host);
  endpoint[host.length] = port >> 8;
  endpoint[host.length + 1] = port & 0xff;
  return endpoint;
}

const loopbackAddress = Uint8Array.of(127, 0, 0, 1);
