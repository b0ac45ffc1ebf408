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
  /** Forgets whoever has been silent for the timeout. */
  expire(nowMs: number): void;
  /** At most `limit`, seeds first. */
  holders(infoHash: Uint8Array, limit: number): readonly Holder[];
  /** Accounts that announce something, in no order. */
  online(): ReadonlySet<number>;
  isOnline(accountId: number): boolean;
}

interface Record extends Holder {
  readonly key: string;
  readonly hashKey: string;
  seenMs: number;
}

/** Twice the peers that one process is meant for with a catalogue; each takes some 300 bytes. */
const recordsMaxDefault = 500_000;

export function openPresence(timeoutMs: number, recordsMax = recordsMaxDefault): Presence {
  /** The least recently heard of stands first. */
  const records = new Map<string, Record>();
  const byHash = new Map<string, Set<Record>>();
  const counts = new Map<number, number>();

  function remove(record: Record): void {
    records.delete(record.key);
    const swarm = byHash.get(record.hashKey);
    swarm?.delete(record);
    if (swarm?.size === 0) byHash.delete(record.hashKey);
    const left = (counts.get(record.accountId) ?? 1) - 1;
    if (left > 0) counts.set(record.accountId, left);
    else counts.delete(record.accountId);
  }

  return {
    announced({ infoHash, accountId, host, port, isSeed }, nowMs) {
      const hashKey = String.fromCharCode(...infoHash);
      const key = `${hashKey}${host} ${port}`;
      const before = records.get(key);
      if (before !== undefined) remove(before);
      else if (records.size >= recordsMax) return;
      const record: Record = { key, hashKey, accountId, host, port, isSeed, seenMs: nowMs };
      records.set(key, record);
      const swarm = byHash.get(hashKey);
      if (swarm === undefined) byHash.set(hashKey, new Set([record]));
      else swarm.add(record);
      counts.set(accountId, (counts.get(accountId) ?? 0) + 1);
    },
    stopped({ infoHash, host, port }) {
      const record = records.get(`${String.fromCharCode(...infoHash)}${host} ${port}`);
      if (record !== undefined) remove(record);
    },
    expire(nowMs) {
      for (const record of records.values()) {
        if (record.seenMs + timeoutMs > nowMs) return;
        remove(record);
      }
    },
    holders(infoHash, limit) {
      const swarm = [...(byHash.get(String.fromCharCode(...infoHash)) ?? [])];
      swarm.sort((a, b) => Number(b.isSeed) - Number(a.isSeed));
      return swarm
        .slice(0, limit)
        .map(({ accountId, host, port, isSeed }) => ({ accountId, host, port, isSeed }));
    },
    online: () => new Set(counts.keys()),
    isOnline: (accountId) => counts.has(accountId),
  };
}
