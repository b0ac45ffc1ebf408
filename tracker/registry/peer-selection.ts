/**
 * Which peers of its swarm an asker gets: packed records from a random place on, copied in blocks.
 *
 * A seed gets leechers only, unless it may be a magnet link: aria2 with nothing but a magnet link announces
 * `left=0`, exactly like a seed that has just started. In a swarm of seeds it would never get a peer. An
 * asker that has neither uploaded nor downloaded therefore gets a few peers, and seeds too where leechers are
 * scarce. A leecher gets seeds and leechers in equal parts if there are enough of both. Few seeds among a
 * thousand leechers then do not depend on luck, and many seeds leave room for peers to trade with. The
 * asker's own address family goes first, because it can certainly dial that one.
 *
 * Left to others: the address under which the asker gets a peer (asker-view.ts).
 */
import { numWantMax } from '../protocol/announce-query.ts';
import { portAt } from '../protocol/endpoint.ts';
import { type ExternalAddresses, type PeerAddress, type View, viewOf } from './asker-view.ts';
import { isIpv6Kind, lan4, local, type Pool, type PoolKind, type Swarm } from './swarm.ts';

/** An integer in [0, bound). */
export type RandomBelow = (bound: number) => number;

export interface Asker {
  readonly address: PeerAddress;
  readonly port: number;
  /** It needs no seeds: it is a seed or a partial seed. */
  readonly isSeed: boolean;
  /** It claims to be a seed but has neither uploaded nor downloaded: perhaps it lacks even the metadata. */
  readonly mayBeMagnet: boolean;
  /** At most numWantMax. */
  readonly wanted: number;
  /** Its own record, if it is listed. A peer never gets itself. */
  readonly listed: { readonly kind: PoolKind; readonly record: number } | undefined;
}

export interface PackedPeers {
  /** 6 bytes each. */
  readonly peers: Uint8Array;
  /** 18 bytes each. */
  readonly peers6: Uint8Array;
}

/** Consecutive records of a pool, possibly without one of them: the asker's own. */
interface Stretch {
  readonly pool: Pool;
  readonly kind: PoolKind;
  readonly first: number;
  /** Without the asker's own record. */
  readonly count: number;
  /** Place of the asker's own record in the stretch, or -1. */
  readonly own: number;
}

/**
 * The least that an asker with `mayBeMagnet` gets, if there are so many peers. It can try several for the
 * metadata, and a true seed opens at most five useless connections, which end at once.
 */
const magnetPeers = 5;

export function selectPeers(
  swarm: Swarm,
  asker: Asker,
  external: ExternalAddresses,
  random: RandomBelow,
): PackedPeers {
  const view = viewOf(asker.address, external);
  const writer = new PeerWriter(asker, view);
  const { families } = view;
  for (const kinds of families) {
    const seeds = asker.isSeed ? [] : stretches(swarm, kinds, asker, true);
    const leechers = stretches(swarm, kinds, asker, false);
    const wanted = asker.wanted - writer.count;
    const seedsWanted = Math.max(Math.ceil(wanted / 2), wanted - total(leechers));
    const seedsTaken = take(seeds, seedsWanted, random, writer);
    take(leechers, wanted - seedsTaken, random, writer);
  }
  if (asker.mayBeMagnet) {
    const few = Math.min(asker.wanted, magnetPeers);
    for (const kinds of families) {
      take(stretches(swarm, kinds, asker, true), few - writer.count, random, writer);
    }
  }
  return writer.finish();
}

function stretches(swarm: Swarm, kinds: readonly PoolKind[], asker: Asker, ofSeeds: boolean): Stretch[] {
  const found: Stretch[] = [];
  for (const kind of kinds) {
    const pool = swarm.pools[kind];
    if (pool === undefined) continue;
    const first = ofSeeds ? pool.run : pool.run + pool.seeds;
    const length = ofSeeds ? pool.seeds : pool.count - pool.seeds;
    const own = asker.listed?.kind === kind ? asker.listed.record - first : -1;
    const ownInside = own >= 0 && own < length;
    const count = ownInside ? length - 1 : length;
    if (count > 0) found.push({ pool, kind, first, count, own: ownInside ? own : -1 });
  }
  return found;
}

function total(stretches: readonly Stretch[]): number {
  let sum = 0;
  for (const stretch of stretches) sum += stretch.count;
  return sum;
}

/** Copies `wanted` peers from a random place on and wraps around at the end. Returns how many there were. */
function take(
  stretches: readonly Stretch[],
  wanted: number,
  random: RandomBelow,
  writer: PeerWriter,
): number {
  const available = total(stretches);
  const count = Math.min(Math.max(wanted, 0), available);
  let skip = count < available ? random(available) : 0;
  let left = count;
  for (let round = 0; left > 0 && round < 2; round++) {
    for (const stretch of stretches) {
      const taken = Math.min(left, Math.max(0, stretch.count - skip));
      if (taken > 0) writer.copy(stretch, skip, skip + taken);
      left -= taken;
      skip = Math.max(0, skip - stretch.count);
    }
  }
  return count;
}

/** Assembles the peers of a reply in buffers that are reused for every reply. */
class PeerWriter {
  static readonly #peers = new Uint8Array(6 * numWantMax);
  static readonly #peers6 = new Uint8Array(18 * numWantMax);
  readonly #asker: Asker;
  readonly #view: View;
  #end = 0;
  #end6 = 0;

  constructor(asker: Asker, view: View) {
    this.#asker = asker;
    this.#view = view;
  }

  get count(): number {
    return this.#end / 6 + this.#end6 / 18;
  }

  /** Copies peers [from, to) of a stretch. The indexes do not count the asker's own record. */
  copy(stretch: Stretch, from: number, to: number): void {
    const { own } = stretch;
    if (own < 0 || to <= own) this.#copyRecords(stretch, from, to);
    else if (from >= own) this.#copyRecords(stretch, from + 1, to + 1);
    else {
      this.#copyRecords(stretch, from, own);
      this.#copyRecords(stretch, own + 1, to + 1);
    }
  }

  finish(): PackedPeers {
    return { peers: PeerWriter.#peers.slice(0, this.#end), peers6: PeerWriter.#peers6.slice(0, this.#end6) };
  }

  #copyRecords({ pool, kind, first }: Stretch, from: number, to: number): void {
    const { bytes, recordBytes } = pool.arena;
    const records = bytes.subarray((first + from) * recordBytes, (first + to) * recordBytes);
    const host = kind === local ? this.#view.machine : kind === lan4 ? this.#view.network : undefined;
    if (isIpv6Kind(kind)) {
      PeerWriter.#peers6.set(records, this.#end6);
      this.#end6 += records.length;
    } else if (host === undefined) {
      PeerWriter.#peers.set(records, this.#end);
      this.#end += records.length;
    } else {
      for (let at = 0; at < records.length; at += recordBytes) this.#addAt(host, portAt(records, at + 4));
    }
  }

  /** Adds a peer that this asker reaches at another address than the listed one. */
  #addAt(host: Uint8Array, port: number): void {
    const { address, port: askerPort } = this.#asker;
    // The asker may be on the tracker's machine and use its outer address. The peer may then be the asker
    // itself.
    if (port === askerPort && host.every((byte, at) => byte === address.remote[at])) return;
    const isIpv4 = host.length === 4;
    const target = isIpv4 ? PeerWriter.#peers : PeerWriter.#peers6;
    const at = isIpv4 ? this.#end : this.#end6;
    target.set(host, at);
    target[at + host.length] = port >> 8;
    target[at + host.length + 1] = port & 0xff;
    if (isIpv4) this.#end += 6;
    else this.#end6 += 18;
  }
}
