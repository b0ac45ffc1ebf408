/**
 * Swarms ⇄ bytes, so that a restarted tracker has its peers. Swarms are encoded one by one, so that a large
 * registry is written in small steps. The bytes are read as hostile: malformed input is refused as a whole.
 *
 *   hash (20 bytes), downloaded (u32);
 *   for loopback, IPv4 and IPv6 each: number of seeds (u32) and of peers (u32);
 *   for each of them: the packed endpoints, seeds first, and the age of each peer in seconds (u16);
 *   length of the notes (u32), and the notes.
 *
 * Left to others: the file and its integrity (snapshot-file.ts), which peers may return (swarm-access.ts).
 */
import { ipv4, ipv6, isIpv6Kind, kindOf, local, type Pool, type PoolKind, type Swarm } from './swarm.ts';

/** Kinds of peers in a snapshot. The finer kinds are derived from the address at reading. */
export type SavedKind = typeof local | typeof ipv4 | typeof ipv6;

export interface SavedPool {
  readonly kind: SavedKind;
  /** How many peers, from the first on, are seeds. */
  readonly seeds: number;
  /** Packed, 6 bytes each; 18 for IPv6. */
  readonly endpoints: Uint8Array;
  /** Seconds since the last announce of each peer. */
  readonly ages: Uint16Array;
}

export interface SavedSwarm {
  /** 20 bytes. */
  readonly hash: Uint8Array;
  /** Completed downloads that were reported. */
  readonly downloaded: number;
  readonly pools: readonly SavedPool[];
  /** What other parts store with this swarm; opaque here. */
  readonly notes?: Uint8Array;
}

export interface SavedPeer {
  readonly swarm: SavedSwarm;
  readonly kind: PoolKind;
  readonly endpoint: Uint8Array;
  readonly isSeed: boolean;
  readonly ageSeconds: number;
}

const savedKinds = [local, ipv4, ipv6] as const;
const hashBytes = 20;
const headBytes = hashBytes + 4 + 8 * savedKinds.length;
/** Eighteen hours, more than any interval of Cicada. An older peer counts as that old. */
const ageMax = 0xffff;

/** Whole seconds, as in a snapshot. If the clock went back, the age is 0 and not negative. */
function ageOf(seconds: number): number {
  return Math.max(0, Math.min(ageMax, seconds));
}

export function encodeSwarm({ hash, downloaded, pools, notes = nothing }: SavedSwarm): Uint8Array {
  const peerBytes = pools.reduce((sum, { endpoints, ages }) => sum + endpoints.length + 2 * ages.length, 0);
  const bytes = new Uint8Array(headBytes + peerBytes + 4 + notes.length);
  const view = new DataView(bytes.buffer);
  bytes.set(hash);
  view.setUint32(hashBytes, Math.min(downloaded, 0xffff_ffff));
  let at = headBytes;
  for (const { kind, seeds, endpoints, ages } of pools) {
    const head = hashBytes + 4 + 8 * savedKinds.indexOf(kind);
    view.setUint32(head, seeds);
    view.setUint32(head + 4, ages.length);
    bytes.set(endpoints, at);
    at += endpoints.length;
    for (const age of ages) {
      view.setUint16(at, age);
      at += 2;
    }
  }
  view.setUint32(at, notes.length);
  bytes.set(notes, at + 4);
  return bytes;
}

/**
 * All swarms of these bytes, as views of them. Undefined if encodeSwarm cannot have made the bytes. A swarm
 * without peers is refused too: it would only cost memory.
 */
export function decodeSwarms(bytes: Uint8Array): SavedSwarm[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const swarms: SavedSwarm[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + headBytes > bytes.length) return undefined;
    const head = at + hashBytes;
    const hash = bytes.subarray(at, head);
    const pools: SavedPool[] = [];
    at += headBytes;
    for (const [index, kind] of savedKinds.entries()) {
      const seeds = view.getUint32(head + 4 + 8 * index);
      const count = view.getUint32(head + 8 + 8 * index);
      if (count === 0 && seeds === 0) continue;
      const endpointBytes = count * recordBytesOf(kind);
      // The sum of numbers below 2^32 is exact.
      if (seeds > count || at + endpointBytes + 2 * count > bytes.length) return undefined;
      const endpoints = bytes.subarray(at, at + endpointBytes);
      at += endpointBytes;
      const ages = new Uint16Array(count);
      for (let i = 0; i < count; i++) ages[i] = view.getUint16(at + 2 * i);
      at += 2 * count;
      pools.push({ kind, seeds, endpoints, ages });
    }
    if (pools.length === 0 || at + 4 > bytes.length) return undefined;
    const notesEnd = at + 4 + view.getUint32(at);
    if (notesEnd > bytes.length) return undefined;
    swarms.push({ hash, downloaded: view.getUint32(head), pools, notes: bytes.subarray(at + 4, notesEnd) });
    at = notesEnd;
  }
  return swarms;
}

/** Yields the peer with the oldest announce first: the order in which peers are listed again and expire. */
export function* oldestFirst(swarms: readonly SavedSwarm[]): Generator<SavedPeer> {
  // A counting sort by age, since comparing a million peers takes longer.
  const starts = new Uint32Array(ageMax + 2);
  let count = 0;
  for (const { pools } of swarms) {
    for (const { ages } of pools) {
      for (const age of ages) starts[ageMax - age + 1]! += 1;
      count += ages.length;
    }
  }
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
  const places = {
    swarm: new Uint32Array(count),
    pool: new Uint8Array(count),
    index: new Uint32Array(count),
  };
  for (const [swarmIndex, { pools }] of swarms.entries()) {
    for (const [poolIndex, { ages }] of pools.entries()) {
      for (const [index, age] of ages.entries()) {
        const place = starts[ageMax - age]!++;
        places.swarm[place] = swarmIndex;
        places.pool[place] = poolIndex;
        places.index[place] = index;
      }
    }
  }
  for (let place = 0; place < count; place++) {
    const swarm = swarms[places.swarm[place]!]!;
    const { kind, seeds, endpoints, ages } = swarm.pools[places.pool[place]!]!;
    const index = places.index[place]!;
    const recordBytes = recordBytesOf(kind);
    const endpoint = endpoints.subarray(index * recordBytes, (index + 1) * recordBytes);
    yield {
      swarm,
      kind: kindOf(endpoint.subarray(0, -2)),
      endpoint,
      isSeed: index < seeds,
      ageSeconds: ages[index]!,
    };
  }
}

function savedKindOf(kind: PoolKind): SavedKind {
  return kind === local ? local : isIpv6Kind(kind) ? ipv6 : ipv4;
}

/** A copy of the swarm's peers. `silentSeconds`: since the last announce of a peer. */
export function savedPools(swarm: Swarm, silentSeconds: (pool: Pool, record: number) => number): SavedPool[] {
  return savedKinds.flatMap((kind) => {
    const pools = swarm.pools.filter(
      (pool, of): pool is Pool => pool !== undefined && savedKindOf(of as PoolKind) === kind,
    );
    const count = pools.reduce((sum, pool) => sum + pool.count, 0);
    if (count === 0) return [];
    const recordBytes = recordBytesOf(kind);
    const endpoints = new Uint8Array(count * recordBytes);
    const ages = new Uint16Array(count);
    let at = 0;
    const copy = (pool: Pool, from: number, to: number) => {
      endpoints.set(pool.arena.bytes.subarray(from * recordBytes, to * recordBytes), at * recordBytes);
      for (let record = from; record < to; record++) ages[at++] = ageOf(silentSeconds(pool, record));
    };
    for (const pool of pools) copy(pool, pool.run, pool.run + pool.seeds);
    for (const pool of pools) copy(pool, pool.run + pool.seeds, pool.run + pool.count);
    return [{ kind, seeds: pools.reduce((sum, pool) => sum + pool.seeds, 0), endpoints, ages }];
  });
}

function recordBytesOf(kind: SavedKind): number {
  return kind === ipv6 ? 18 : 6;
}

const nothing = new Uint8Array(0);
