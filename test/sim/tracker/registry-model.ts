/**
 * A model of a tracker's answers in the slowest and most obvious way: maps of maps that are walked anew for
 * every question. Every reply of the production registry is compared with it. BEP 3, 7, 21, 23, 24, 48
 */
import type { AnnounceRequest } from '../../../tracker/protocol/announce-query.ts';
import type { AnnounceReply } from '../../../tracker/protocol/announce-reply.ts';
import type { SwarmCounts } from '../../../tracker/protocol/scrape-reply.ts';
import type { RegistryOptions } from '../../../tracker/registry.ts';
import { type Family, familyOf, hexOf, keyOf, namedIn, networkOf, type Sight, sightOf } from './addresses.ts';

type Disbelief = string | undefined;

interface Peer {
  readonly family: Family;
  /** The key of the limits for one address. */
  readonly network: string;
  isSeed: boolean;
  seenSeconds: number;
}

interface ModelSwarm {
  /** By `address:port`, in hex. */
  readonly peers: Map<string, Peer>;
  downloaded: number;
}

/** The most peers in any reply. */
const wantedMax = 200;
/** Seeds in a reply to a peer that may have only the info-hash. */
const magnetPeers = 5;
/** After this many answers that could have differed, missing randomness is detected. */
const answersForChance = 10;
/** Half of the intervals of ten seconds are the same. */
const intervalsForChance = 24;

export class RegistryModel {
  readonly #options: RegistryOptions;
  readonly #swarms = new Map<string, ModelSwarm>();
  #expired = 0;
  /** Swarms whose counters outlive their peers. */
  readonly #kept = new Set<string>();
  /** The time of its first announce. */
  #beganMs: number | undefined;
  /** By swarm and kind of peer: the first peer of the last answer, and the number of changes by then. */
  readonly #firsts = new Map<string, { readonly first: string; readonly changes: number }>();
  /**
   * Answers with the same peers to choose from as the one before, and how many of them began with the same
   * peer.
   */
  #again = 0;
  #alike = 0;
  #changes = 0;
  #intervals = 0;
  readonly #intervalsTold = new Set<number>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  get counts(): { torrents: number; seeds: number; leechers: number; expired: number } {
    const peers = [...this.#swarms.values()].flatMap((swarm) => [...swarm.peers.values()]);
    const seeds = peers.filter(({ isSeed }) => isSeed).length;
    return { torrents: this.#swarms.size, seeds, leechers: peers.length - seeds, expired: this.#expired };
  }

  /** A request has arrived, whether or not its torrent is served. */
  begin(nowMs: number): void {
    this.#beganMs ??= nowMs;
  }

  /** Describes the first error of the reply. `swarmHash`: in hex. `ours`: the address that was reached. */
  announce(
    request: AnnounceRequest,
    remote: Uint8Array,
    nowMs: number,
    swarmHash: string,
    reply: AnnounceReply,
    ours?: Uint8Array,
  ): Disbelief {
    const { port, event, left } = request;
    const self = keyOf(remote, port);
    const family = familyOf(remote);
    const swarm = this.#swarms.get(swarmHash);
    const known = swarm?.peers.get(self);
    const nowSeconds = Math.floor(nowMs / 1000);
    const isSeed = left === 0;
    let warning: string | undefined;
    if (event === 'stopped') {
      if (known !== undefined) this.#remove(swarmHash, self);
    } else if (known !== undefined) {
      if (event === 'completed' && isSeed && !known.isSeed) swarm!.downloaded += 1;
      if (known.isSeed !== isSeed) this.#changes += 1;
      known.isSeed = isSeed;
      known.seenSeconds = nowSeconds;
    } else {
      warning = this.#whyNotListed(swarm, family, networkOf(remote));
      if (warning === undefined) {
        const listing = swarm ?? { peers: new Map<string, Peer>(), downloaded: 0 };
        this.#swarms.set(swarmHash, listing);
        this.#changes += 1;
        listing.peers.set(self, { family, network: networkOf(remote), isSeed, seenSeconds: nowSeconds });
        if (event === 'completed' && isSeed) listing.downloaded += 1;
      }
    }
    return (
      this.#judgeNumbers(reply, swarmHash, remote, warning, this.#isGathering(request, swarmHash, nowMs)) ??
      (event === 'stopped'
        ? judgeNobody(reply)
        : this.#judgePeers(
            request,
            reply,
            swarmHash,
            self,
            sightOf(remote, ours, this.#options.externalAddresses),
          ))
    );
  }

  scrape(swarmHash: string): SwarmCounts {
    const swarm = this.#swarms.get(swarmHash);
    const complete = [...(swarm?.peers.values() ?? [])].filter((peer) => peer.isSeed).length;
    const incomplete = (swarm?.peers.size ?? 0) - complete;
    return { complete, incomplete, downloaded: swarm?.downloaded ?? 0 };
  }

  /** Returns the number of expired peers. */
  expire(nowMs: number): number {
    const before = Math.floor(nowMs / 1000) - this.#options.peerTimeoutSeconds;
    let expired = 0;
    for (const [hash, { peers }] of [...this.#swarms])
      for (const [key, { seenSeconds }] of [...peers]) {
        if (seenSeconds >= before) continue;
        this.#remove(hash, key);
        expired += 1;
      }
    this.#expired += expired;
    return expired;
  }

  remove(swarmHash: string, remote: Uint8Array, port: number): void {
    if (this.#swarms.get(swarmHash)?.peers.has(keyOf(remote, port)))
      this.#remove(swarmHash, keyOf(remote, port));
  }

  drop(swarmHash: string): void {
    this.#swarms.delete(swarmHash);
    this.#changes += 1;
  }

  /**
   * Restarts with a snapshot. Peers silent for the timeout by now stay away. A snapshot has no counters of
   * swarms without peers.
   */
  restart(nowMs: number): void {
    const before = Math.floor(nowMs / 1000) - this.#options.peerTimeoutSeconds;
    for (const [hash, { peers }] of [...this.#swarms]) {
      for (const [key, { seenSeconds }] of [...peers]) if (seenSeconds < before) peers.delete(key);
      if (peers.size === 0) this.#swarms.delete(hash);
    }
    this.#kept.clear();
    this.#expired = 0;
    this.#changes += 1;
    // With peers from a snapshot the tracker does not gather.
    this.#beganMs = this.#swarms.size > 0 ? -Infinity : undefined;
  }

  keep(swarmHash: string): void {
    this.#kept.add(swarmHash);
    if (!this.#swarms.has(swarmHash)) this.#swarms.set(swarmHash, { peers: new Map(), downloaded: 0 });
  }

  // Listed peers ----------------------------------------------------------------------------------------

  #remove(swarmHash: string, key: string): void {
    const { peers } = this.#swarms.get(swarmHash)!;
    peers.delete(key);
    this.#changes += 1;
    // An empty swarm is removed together with its download counter.
    if (peers.size === 0 && !this.#kept.has(swarmHash)) this.#swarms.delete(swarmHash);
  }

  #whyNotListed(swarm: ModelSwarm | undefined, family: Family, network: string): string | undefined {
    const options = this.#options;
    let everybody = 0;
    let fromThere = 0;
    let fromThereInSwarm = 0;
    for (const listing of this.#swarms.values()) {
      everybody += listing.peers.size;
      for (const peer of listing.peers.values()) {
        if (peer.family === 'local' || peer.network !== network) continue;
        fromThere += 1;
        if (listing === swarm) fromThereInSwarm += 1;
      }
    }
    if (swarm === undefined && this.#swarms.size >= options.torrentsMax)
      return 'this tracker has no room for another torrent: you are not listed';
    if (everybody >= options.peersMax) return 'this tracker is full: you are not listed';
    if ((swarm?.peers.size ?? 0) >= options.peersPerTorrentMax && swarm !== undefined)
      return 'this swarm is full: you get peers, but are not listed';
    if (family === 'local') return undefined;
    if (fromThere >= options.peersPerAddressMax)
      return 'too many torrents from your address: this one is not listed';
    if (fromThereInSwarm >= options.peersPerAddressAndTorrentMax)
      return 'too many peers from your address in this swarm: you are not listed';
    return undefined;
  }

  // Replies ---------------------------------------------------------------------------------------------

  /**
   * While peers gather after a start, downloaders get a short interval. Stopped and paused peers get the
   * usual one.
   */
  #isGathering({ event, left }: AnnounceRequest, swarmHash: string, nowMs: number): boolean {
    if (event === 'stopped' || event === 'paused' || left === 0 || !this.#swarms.has(swarmHash)) return false;
    return nowMs < this.#beganMs! + 1_000 * this.#options.gatheringSeconds;
  }

  #judgeNumbers(
    reply: AnnounceReply,
    swarmHash: string,
    remote: Uint8Array,
    warning: string | undefined,
    isGathering: boolean,
  ): Disbelief {
    const { minIntervalSeconds, gatheringIntervalSeconds } = this.#options;
    const usual = this.#options.intervalSeconds;
    const intervalSeconds = isGathering ? Math.min(usual, gatheringIntervalSeconds) : usual;
    const { complete, incomplete } = this.scrape(swarmHash);
    const most = intervalSeconds + Math.floor(intervalSeconds / 10);
    this.#intervals += 1;
    this.#intervalsTold.add(reply.intervalSeconds);
    if (reply.intervalSeconds < intervalSeconds || reply.intervalSeconds > most)
      return `tells an interval of ${reply.intervalSeconds} s; it is ${intervalSeconds} to ${most}`;
    if (this.#intervals >= intervalsForChance && most > intervalSeconds && this.#intervalsTold.size === 1)
      return `tells everybody the same interval, ${reply.intervalSeconds} s`;
    if (reply.minIntervalSeconds !== minIntervalSeconds)
      return `tells a shortest interval of ${reply.minIntervalSeconds} s; it is ${minIntervalSeconds}`;
    if (reply.complete !== complete || reply.incomplete !== incomplete)
      return `counts ${reply.complete} seeds and ${reply.incomplete} leechers; there are ${complete} and ${incomplete}`;
    if (reply.warning !== warning) return `warns of ${reply.warning}, and of ${warning} it should`;
    const external = reply.externalAddress === undefined ? undefined : hexOf(reply.externalAddress);
    const seenFrom = familyOf(remote) === 'local' ? undefined : hexOf(remote);
    return external === seenFrom ? undefined : `tells ${seenFrom} that its address is ${external}`;
  }

  #judgePeers(
    request: AnnounceRequest,
    reply: AnnounceReply,
    swarmHash: string,
    self: string,
    sight: Sight,
  ): Disbelief {
    const { left, event, uploaded, downloaded, numWant } = request;
    const peers = this.#swarms.get(swarmHash)?.peers ?? new Map<string, Peer>();
    const named = namedIn(reply, sight, peers.keys());
    const told = new Set(named);
    if (told.size !== named.length) return 'names a peer twice';
    if (told.has(self)) return 'tells the asker of itself';
    for (const key of named) if (!peers.has(key)) return `names ${key}, who is not listed`;
    const isSated = left === 0 || event === 'paused';
    const mayBeMagnet = left === 0 && event !== 'completed' && uploaded === 0 && downloaded === 0;
    const wanted = Math.min(numWant, wantedMax);
    // Counted once for all questions below.
    const counts = new Map<string, number>();
    for (const [key, { family, isSeed }] of peers) {
      const kind = `${family} ${isSeed}`;
      if (key !== self) counts.set(kind, 1 + (counts.get(kind) ?? 0));
    }
    let count = 0;
    const expected = new Map<string, number>();
    const { groups } = sight;
    const have = (families: readonly Family[], seeds: boolean) =>
      families.reduce((sum, one) => sum + (counts.get(`${one} ${seeds}`) ?? 0), 0);
    const expect = (families: readonly Family[], seeds: boolean, number: number) => {
      const name = `${seeds ? 'seeds' : 'leechers'} of ${families.join(' and ')}`;
      expected.set(name, (expected.get(name) ?? 0) + number);
      count += number;
    };
    for (const families of groups) {
      const room = wanted - count;
      const [seeds, leechers] = [isSated ? 0 : have(families, true), have(families, false)];
      // Half of each where there are enough of both; otherwise as many as there are.
      const ofSeeds = Math.min(seeds, Math.max(Math.ceil(room / 2), room - leechers));
      expect(families, true, ofSeeds);
      expect(families, false, Math.min(leechers, room - ofSeeds));
    }
    if (mayBeMagnet)
      for (const families of groups)
        expect(
          families,
          true,
          Math.max(0, Math.min(have(families, true), Math.min(wanted, magnetPeers) - count)),
        );
    for (const families of groups)
      for (const seeds of [true, false]) {
        const name = `${seeds ? 'seeds' : 'leechers'} of ${families.join(' and ')}`;
        const ofKind = named.filter((key) => {
          const peer = peers.get(key)!;
          return families.includes(peer.family) && peer.isSeed === seeds;
        });
        if (ofKind.length !== expected.get(name))
          return `names ${ofKind.length} ${name}, and ${expected.get(name)} it should`;
        const disbelief = this.#judgeChance(`${swarmHash} ${name}`, ofKind, have(families, seeds));
        if (disbelief !== undefined) return disbelief;
      }
    if (told.size !== count) return `names ${told.size} peers, and ${count} it should`;
    return undefined;
  }

  /**
   * Detects answers that always list the same peer first although nothing has changed and others could be
   * first.
   */
  #judgeChance(kind: string, named: readonly string[], there: number): Disbelief {
    if (named.length === 0 || 2 * named.length > there || there < 4) return undefined;
    const before = this.#firsts.get(kind);
    this.#firsts.set(kind, { first: named[0]!, changes: this.#changes });
    if (before?.changes !== this.#changes) return undefined;
    this.#again += 1;
    if (before.first === named[0]) this.#alike += 1;
    return this.#again >= answersForChance && this.#alike === this.#again
      ? `names the same peers first, ${this.#again} times in a row`
      : undefined;
  }
}

function judgeNobody(reply: AnnounceReply): Disbelief {
  return reply.peers.length + reply.peers6.length === 0 ? undefined : 'names peers to one that leaves';
}
