/**
 * A peer that breaks a rule is dropped, a proven liar stays banned, and no honest peer is ever blamed.
 * Between honest hosts no violation can happen: if one does, one of the two has a bug.
 */
import type { ConnectionId, PeerAddress, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import type { SimPeer } from '../world/peer.ts';
import { householdOf } from '../world/place.ts';
import type { World } from '../world/world.ts';
import { type Checker, misremembers } from './checker.ts';

const lies = new Set(['sent-corrupt-data', 'sent-corrupt-metadata']);
/** Reasons that ban the peer's host for a while. */
const bannedFor = new Set([...lies, 'too-many-messages']);

/** Reasons to close a connection that only a bug or a hostile peer can give. */
const crimes = new Set([
  ...lies,
  'not-bittorrent',
  'message-too-long',
  'message-length-wrong',
  'bitfield-length-wrong',
  'bitfield-spare-bits',
  'block-too-long',
  'piece-out-of-range',
  'request-out-of-range',
  'block-out-of-range',
  'block-unasked',
  'too-many-messages',
  'fast-without-handshake',
  'extension-without-handshake',
  'extension-malformed',
  'metadata-flood',
]);

export function theHonestAreBlameless(): Checker {
  /** Address of each connection, until it is closed. */
  const addresses = new WeakMap<Engine, Map<number, PeerAddress>>();
  /**
   * Hosts that may send wrong bytes in good faith: their disk has returned or kept wrong bytes, or another
   * program has changed their files.
   */
  const misled = new WeakSet<SimPeer>();
  return {
    name: 'the-honest-are-blameless',
    hears: ['added', 'magnet-added', 'connected', 'closed', 'block-read', 'piece-stored', 'close'],
    onTurn({ world, peer, fact, actions }) {
      if (misremembers(peer) || peer.temper.wrongReadPpm > 0 || peer.platter.wasChanged) misled.add(peer);
      const known = addresses.get(peer.engine) ?? new Map<number, PeerAddress>();
      addresses.set(peer.engine, known);
      if (fact.type === 'connected') known.set(fact.connection, fact.address);
      for (const action of actions) {
        if (action.type !== 'close') continue;
        const address = known.get(action.connection);
        known.delete(action.connection);
        const accused = address && honestBehind(world, peer, action.connection);
        if (accused === undefined || !crimes.has(action.reason)) continue;
        if (lies.has(action.reason) && misled.has(accused)) continue;
        // Cancels and blocks cross. With a smaller limit than the default, honest peers can exceed it.
        const { unaskedBlocksMax } = peer.engine.usage.limits;
        if (action.reason === 'block-unasked' && unaskedBlocksMax < defaultLimits.unaskedBlocksMax) continue;
        return `blames ${address!.host}, who is honest: ${action.reason}`;
      }
      if (fact.type === 'closed') known.delete(fact.connection);
      return undefined;
    },
  };
}

/**
 * The honest peer at the other end, whichever of its runs the connection belongs to. Actors are not among the
 * world's peers.
 */
function honestBehind(world: World, { host }: SimPeer, connection: ConnectionId): SimPeer | undefined {
  for (const end of host.ends) {
    const address = end.connection === connection ? end.other?.host.address : undefined;
    if (address !== undefined) return world.peers.find((peer) => peer.address === address);
  }
  return undefined;
}

/**
 * Bans of one torrent in one run, as far as its reports show. Unreported punishments only make bans longer.
 */
interface Bans {
  /** End of the ban, by address. */
  readonly addresses: Map<string, number>;
  readonly households: Map<string, { lies: number; untilMs: number }>;
}

export function liarsStayOut(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId | undefined, Bans>>();
  /** Incoming connections, by address: they have a port of their own. */
  const came = new WeakMap<Engine, Set<string>>();
  return {
    name: 'liars-stay-out',
    hears: ['connected', 'dial', 'report peer-connected', 'report peer-dropped'],
    onTurn({ peer, fact, actions, nowMs }) {
      const { engine } = peer;
      const { limits } = engine.usage;
      const incoming = came.get(engine) ?? new Set<string>();
      came.set(engine, incoming);
      if (fact.type === 'connected' && fact.incoming) incoming.add(keyOf(fact.address));
      const ofEngine = all.get(engine) ?? new Map<TorrentId | undefined, Bans>();
      all.set(engine, ofEngine);
      // Each torrent keeps its own bans.
      const bansOf = (torrent: TorrentId | undefined): Bans => {
        const bans = ofEngine.get(torrent) ?? { addresses: new Map(), households: new Map() };
        ofEngine.set(torrent, bans);
        return bans;
      };
      for (const action of actions) {
        if (action.type === 'dial') {
          const { addresses, households } = bansOf(engine.torrentOf(action.connection));
          const { host } = action.address;
          if ((addresses.get(keyOf(action.address)) ?? 0) > nowMs)
            return `dials ${keyOf(action.address)}, a proven liar`;
          if ((households.get(householdOf(host))?.untilMs ?? 0) > nowMs)
            return `dials ${keyOf(action.address)}, and a peer there has lied lately`;
        }
        if (action.type !== 'report') continue;
        const { report } = action;
        if (report.type !== 'peer-connected' && report.type !== 'peer-dropped') continue;
        const { addresses, households } = bansOf(report.torrent);
        const key = keyOf(report.address);
        const household = householdOf(report.address.host);
        if (report.type === 'peer-connected') {
          if ((addresses.get(key) ?? 0) > nowMs) return `lets ${report.address.host} in, a proven liar`;
          // A peer that was dialed before the ban is judged by its own address.
          if (incoming.has(key) && (households.get(household)?.untilMs ?? 0) > nowMs)
            return `lets ${report.address.host} in, and a peer there has lied lately`;
        } else if (bannedFor.has(report.reason)) {
          addresses.set(key, nowMs + limits.banMs);
          if (isLoopbackHost(report.address.host)) continue;
          const before = households.get(household);
          const isForgotten = before === undefined || nowMs >= before.untilMs + limits.banMs;
          const lies = isForgotten ? 1 : before.lies + 1;
          const lastsMs = Math.min(limits.banMs, limits.hostBanFirstMs * 2 ** (lies - 1));
          households.set(household, { lies, untilMs: nowMs + lastsMs });
        }
      }
      return undefined;
    },
  };
}

function isLoopbackHost(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host}:${port}`;
}

/** An info dictionary is accepted only when its hash is right. */
export function metadataIsRight(): Checker {
  return {
    name: 'metadata-is-right',
    hears: ['report metadata-received'],
    onTurn({ world, actions }) {
      for (const action of actions) {
        if (action.type !== 'report' || action.report.type !== 'metadata-received') continue;
        const { infoBytes } = action.report;
        const isRight =
          infoBytes.length === world.infoBytes.length &&
          infoBytes.every((byte, i) => byte === world.infoBytes[i]);
        if (!isRight) return 'takes an info dictionary that is not the torrent’s';
      }
      return undefined;
    },
  };
}
