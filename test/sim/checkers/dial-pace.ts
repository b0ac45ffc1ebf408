/**
 * An address that did not answer is not dialed again during its backoff, which doubles with each failure,
 * however often trackers and peers name it.
 */
import type { ConnectionId, PeerAddress } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { type Checker, inspectionOf } from './checker.ts';

interface History {
  failures: number;
  failedMs: number;
}

interface Dialing {
  readonly dials: Map<ConnectionId, string>;
  readonly histories: Map<string, History>;
  /** Hosts with which there was a connection. */
  readonly met: Set<string>;
  /**
   * Addresses whose entry may have been evicted from the peer directory. How many failures the engine
   * remembers of them is unknown.
   */
  readonly uncertain: Set<string>;
}

export function dialsArePaced(): Checker {
  const memories = new WeakMap<Engine, Dialing>();
  return {
    name: 'dials-are-paced',
    onTurn({ world, peer, fact, actions, nowMs }) {
      // Each torrent dials on its own, so hosts with several torrents are not judged.
      if (world.sides.length > 0) return undefined;
      const { engine } = peer;
      let memory = memories.get(engine);
      if (memory === undefined) memories.set(engine, (memory = newDialing()));
      const { dials, histories, met, uncertain } = memory;
      const { limits } = engine.usage;
      const known = inspectionOf(peer)?.peers.knownCount ?? limits.peersKnownMax;
      if (known >= limits.peersKnownMax - 1 || fact.type === 'stopped') {
        for (const key of histories.keys()) uncertain.add(key);
        histories.clear();
      }
      const failed = (connection: ConnectionId) => {
        const key = dials.get(connection);
        dials.delete(connection);
        if (key === undefined || engine.usage.sessions.get(connection)?.isOpen) return;
        if (uncertain.has(key) || met.has(key.slice(0, key.lastIndexOf(':')))) return;
        const history = histories.get(key) ?? { failures: 0, failedMs: 0 };
        history.failures += 1;
        history.failedMs = nowMs;
        // After `dialFailuresMax` failures the engine forgets the address. It starts anew when it is named
        // again.
        if (history.failures >= limits.dialFailuresMax) histories.delete(key);
        else histories.set(key, history);
      };
      if (fact.type === 'closed') failed(fact.connection);
      for (const action of actions) {
        // The peer answered and was already connected under another address: no failure.
        if (action.type === 'close' && action.reason === 'connected-twice')
          histories.delete(dials.get(action.connection) ?? '');
        else if (action.type === 'close') failed(action.connection);
        if (action.type !== 'dial') continue;
        const key = keyOf(action.address);
        const history = histories.get(key);
        const gapMs = nowMs - (history?.failedMs ?? 0);
        if (history !== undefined && gapMs < backoffMs(history.failures, limits))
          return `dials ${key} ${gapMs} ms after the dial that failed for the ${history.failures}. time`;
        dials.set(action.connection, key);
      }
      for (const action of actions) {
        if (action.type !== 'report' || action.report.type !== 'peer-connected') continue;
        // The backoff also depends on what the connection was worth, so this host's backoff cannot be
        // computed from now on.
        const { host } = action.report.address;
        met.add(host);
        for (const key of histories.keys()) if (key.startsWith(`${host}:`)) histories.delete(key);
        for (const [connection, key] of dials)
          if (key === keyOf(action.report.address)) dials.delete(connection);
      }
      return undefined;
    },
  };
}

function newDialing(): Dialing {
  return { dials: new Map(), histories: new Map(), met: new Set(), uncertain: new Set() };
}

function backoffMs(failures: number, { redialFirstMs, redialMaxMs }: Limits): number {
  return Math.min(redialMaxMs, redialFirstMs * 2 ** (failures - 1));
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host}:${port}`;
}
