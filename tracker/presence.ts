/**
 * Peers that announced under an account, and what they hold. Pure: each answered announce and the time are
 * passed in.
 *
 * Invariant: one record per (swarm, address, port). Like in the registry, `stopped` removes it at once,
 * and silence after the timeout. Peers without an account are in the registry only. Left to others: which
 * swarm a release has, and who may be in it (admission.ts, swarm-access.ts).
 */
import { latin1 } from '../torrents/byte-text.ts';
export interface Holder {
  readonly accountId: number;
  /** An IP address as text. */
  readonly host: string;
  readonly port: number;
  /** The peer has every piece. */
  readonly isSeed: boolean;
}

export interface PresentPeer extends Holder {
  /** 20 bytes, the registry's name of the swarm. */
  readonly swarm: Uint8Array;
  /** The catalogue's number of the release in the peer's passkey. */
  readonly release: number;
}

export interface Presence {
  announced(peer: PresentPeer, nowMs: number): void;
  stopped(peer: Pick<PresentPeer, 'swarm' | 'host' | 'port'>): void;
  /** Removes all peers of this swarm. */
  drop(swarm: Uint8Array): void;
  /** The peers of this account, and those of this release; copies. */
  ofAccount(accountId: number): readonly PresentPeer[];
  ofRelease(release: number): readonly PresentPeer[];
  /** Drops peers that have been silent for the timeout. */
  expire(nowMs: number): void;
  /** All peers of this swarm, seeds first. */
  ofSwarm(swarm: Uint8Array): readonly PresentPeer[];
  /** At most `limit` peers, seeds first. */
  holders(swarm: Uint8Array, limit: number): readonly Holder[];
  /** Accounts with a peer, in no particular order. */
  online(): ReadonlySet<number>;
  isOnline(accountId: number): boolean;
  /** The registry may have peers whose accounts are not recorded here. */
  readonly isIncomplete: boolean;
}

interface Record extends PresentPeer {
  readonly key: string;
  readonly swarmKey: string;
  seenMs: number;
}

/** Twice the peers that one process with a catalogue is meant for. A record takes some 400 bytes. */
const recordsMaxDefault = 500_000;

export function openPresence(timeoutMs: number, recordsMax = recordsMaxDefault): Presence {
  /** The peer with the oldest announce is first. */
  const records = new Map<string, Record>();
  /** Separate, so that finding a few peers of a large swarm does not iterate over all of it. */
  const seeds = new Map<string, Set<Record>>();
  const leechers = new Map<string, Set<Record>>();
  const byAccount = new Map<number, Set<Record>>();
  const byRelease = new Map<number, Set<Record>>();
  /** When a peer was last refused because of `recordsMax`. It may be in the registry until the timeout. */
  let refusedMs = -Infinity;

  function remove(record: Record): void {
    records.delete(record.key);
    dropFrom(record.isSeed ? seeds : leechers, record.swarmKey, record);
    dropFrom(byAccount, record.accountId, record);
    dropFrom(byRelease, record.release, record);
  }

  return {
    announced(peer, nowMs) {
      const { swarm, accountId, release, host, port, isSeed } = peer;
      const swarmKey = latin1(swarm);
      const key = `${swarmKey}${host} ${port}`;
      const before = records.get(key);
      if (before !== undefined) remove(before);
      else if (records.size >= recordsMax) {
        refusedMs = nowMs;
        return;
      }
      const record: Record = {
        ...{ key, swarmKey, swarm, accountId, release },
        ...{ host, port, isSeed, seenMs: nowMs },
      };
      records.set(key, record);
      putInto(isSeed ? seeds : leechers, swarmKey, record);
      putInto(byAccount, accountId, record);
      putInto(byRelease, release, record);
    },
    stopped({ swarm, host, port }) {
      const record = records.get(`${latin1(swarm)}${host} ${port}`);
      if (record !== undefined) remove(record);
    },
    drop(swarm) {
      const swarmKey = latin1(swarm);
      for (const peers of [seeds.get(swarmKey), leechers.get(swarmKey)]) {
        for (const record of peers ?? []) remove(record);
      }
    },
    ofAccount: (accountId) => [...(byAccount.get(accountId) ?? [])],
    ofRelease: (release) => [...(byRelease.get(release) ?? [])],
    ofSwarm(swarm) {
      const swarmKey = latin1(swarm);
      return [...(seeds.get(swarmKey) ?? []), ...(leechers.get(swarmKey) ?? [])];
    },
    expire(nowMs) {
      if (refusedMs + timeoutMs <= nowMs) refusedMs = -Infinity;
      for (const record of records.values()) {
        if (record.seenMs + timeoutMs > nowMs) return;
        remove(record);
      }
    },
    holders(swarm, limit) {
      const swarmKey = latin1(swarm);
      const found: Holder[] = [];
      for (const peers of [seeds.get(swarmKey), leechers.get(swarmKey)]) {
        for (const { accountId, host, port, isSeed } of peers ?? []) {
          if (found.length >= limit) return found;
          found.push({ accountId, host, port, isSeed });
        }
      }
      return found;
    },
    online: () => new Set(byAccount.keys()),
    isOnline: (accountId) => byAccount.has(accountId),
    get isIncomplete() {
      return refusedMs > -Infinity;
    },
  };
}

function putInto<Key>(sets: Map<Key, Set<Record>>, key: Key, record: Record): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([record]));
  else set.add(record);
}

function dropFrom<Key>(sets: Map<Key, Set<Record>>, key: Key, record: Record): void {
  const set = sets.get(key);
  set?.delete(record);
  if (set?.size === 0) sets.delete(key);
}
