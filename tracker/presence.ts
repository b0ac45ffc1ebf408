/**
 * Who is here, and what they hold: the peers that announced under an account. Pure: it is told of every announce that was
 * answered, and of time.
 *
 * Invariant: one record for each (info-hash, address, port), gone with `stopped` at once and with silence after the
 * timeout, like in the registry. Peers without an account are in the registry only.
 */
export interface Holder {
  readonly accountId: number;
  /** An IP address as text. */
  readonly host: string;
  readonly port: number;
  /** It has every piece. */
  readonly isSeed: boolean;
}

export interface PresentPeer extends Holder {
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
}

export interface Presence {
  announced(peer: PresentPeer, nowMs: number): void;
  stopped(peer: Pick<PresentPeer, 'infoHash' | 'host' | 'port'>): void;
  /** What this account announces, as it is now. */
  ofAccount(accountId: number): readonly PresentPeer[];
  /** Everything that this account announced: it may not any more. */
  gone(accountId: number): void;
  /** Forgets whoever has been silent for the timeout. */
  expire(nowMs: number): void;
  /** At most `limit`, seeds first. */
  holders(infoHash: Uint8Array, limit: number): readonly Holder[];
  /** Accounts that announce something, in no order. */
  online(): ReadonlySet<number>;
  isOnline(accountId: number): boolean;
}

interface Record extends PresentPeer {
  readonly key: string;
  readonly hashKey: string;
  seenMs: number;
}

/** Twice the peers that one process is meant for with a catalogue; each takes some 300 bytes. */
const recordsMaxDefault = 500_000;

export function openPresence(timeoutMs: number, recordsMax = recordsMaxDefault): Presence {
  /** The least recently heard of stands first. */
  const records = new Map<string, Record>();
  /** Apart, so that a few of a large swarm are found without a walk over it. */
  const seeds = new Map<string, Set<Record>>();
  const leechers = new Map<string, Set<Record>>();
  const byAccount = new Map<number, Set<Record>>();

  function remove(record: Record): void {
    records.delete(record.key);
    dropFrom(record.isSeed ? seeds : leechers, record.hashKey, record);
    dropFrom(byAccount, record.accountId, record);
  }

  return {
    announced({ infoHash, accountId, host, port, isSeed }, nowMs) {
      const hashKey = String.fromCharCode(...infoHash);
      const key = `${hashKey}${host} ${port}`;
      const before = records.get(key);
      if (before !== undefined) remove(before);
      else if (records.size >= recordsMax) return;
      const record: Record = { key, hashKey, infoHash, accountId, host, port, isSeed, seenMs: nowMs };
      records.set(key, record);
      putInto(isSeed ? seeds : leechers, hashKey, record);
      putInto(byAccount, accountId, record);
    },
    stopped({ infoHash, host, port }) {
      const record = records.get(`${String.fromCharCode(...infoHash)}${host} ${port}`);
      if (record !== undefined) remove(record);
    },
    ofAccount: (accountId) => [...(byAccount.get(accountId) ?? [])],
    gone(accountId) {
      for (const record of byAccount.get(accountId) ?? []) remove(record);
    },
    expire(nowMs) {
      for (const record of records.values()) {
        if (record.seenMs + timeoutMs > nowMs) return;
        remove(record);
      }
    },
    holders(infoHash, limit) {
      const hashKey = String.fromCharCode(...infoHash);
      const found: Holder[] = [];
      for (const swarm of [seeds.get(hashKey), leechers.get(hashKey)]) {
        for (const { accountId, host, port, isSeed } of swarm ?? []) {
          if (found.length >= limit) return found;
          found.push({ accountId, host, port, isSeed });
        }
      }
      return found;
    },
    online: () => new Set(byAccount.keys()),
    isOnline: (accountId) => byAccount.has(accountId),
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
