/**
 * All connections of one run of a host: received and sent messages, in the order of its turns. Shared by
 * several checkers; each turn is decoded once.
 */
import type { ConnectionId } from '../../../../client/engine/contract.ts';
import type { Engine } from '../../../../client/engine/engine.ts';
import type { Turn } from '../checker.ts';
import { Conversation } from './conversation.ts';
import type { Host, Torrent } from './host.ts';
import { hex } from './reader.ts';

export class Overheard {
  readonly conversations = new Map<ConnectionId, Conversation>();
  /** Connections that ended in this turn, and the host's reason. */
  readonly ended = new Map<ConnectionId, string>();
  /** By torrent id. */
  readonly torrents = new Map<number, Torrent>();
  readonly #host: Host;
  #last: Turn | undefined;
  /** The conversation of the last turn that received bytes. Only its per-turn state needs a reset. */
  #stirred: Conversation | undefined;

  constructor({ peer }: Turn) {
    const { engine } = peer;
    const { peerId, limits } = engine.usage;
    const inspection = (torrent: Torrent) => {
      const number = [...this.torrents].find(([, other]) => other === torrent)?.[0];
      return number === undefined ? undefined : engine.inspect(number);
    };
    this.#host = {
      peerId: hex(peerId),
      port: peer.address.port,
      queueMax: limits.uploadQueueMax,
      keepAliveMs: limits.keepAliveMs,
      metadataTimeoutMs: limits.metadataTimeoutMs,
      metadataBytesMax: limits.metadataBytesMax,
      talk: limits,
      torrentOf: (infoHash) => {
        const named = [...this.torrents.values()].filter((torrent) => torrent.infoHash === infoHash);
        // A torrent with metadata takes precedence over a magnet with the same info-hash. If it was stopped
        // and added again, the later one counts.
        return named.findLast(({ geometry }) => geometry !== undefined) ?? named.at(-1);
      },
      has: (torrent, pieceIndex) => {
        const ledger = inspection(torrent)?.ledger;
        const index = ledger?.geometry.pieceIndex(pieceIndex);
        return index !== undefined && ledger!.has(index);
      },
      isSated: (torrent) => inspection(torrent)?.selection.missingCount === 0,
    };
  }

  /** Does nothing if this turn was decoded last. */
  hear(turn: Turn): void {
    if (turn === this.#last) return;
    this.#last = turn;
    if (this.ended.size > 0) this.ended.clear();
    const { fact, actions, nowMs } = turn;
    if (fact.type === 'added' || fact.type === 'magnet-added') {
      const { spec } = fact;
      this.torrents.set(spec.torrent, {
        geometry: fact.type === 'added' ? fact.spec.geometry : undefined,
        infoHash: hex(spec.infoHash),
        infoBytes: fact.type === 'added' ? fact.spec.infoBytes : undefined,
        uploaded: 0,
        downloaded: 0,
        unsure: 0,
      });
    }
    if (fact.type === 'connected')
      this.conversations.set(fact.connection, new Conversation(this.#host, fact.incoming, nowMs));
    if (fact.type === 'closed') this.conversations.delete(fact.connection);
    const heard = fact.type === 'received' ? this.conversations.get(fact.connection) : undefined;
    this.#stirred?.beginTurn(nowMs);
    this.#stirred = heard;
    heard?.beginTurn(nowMs);
    const before = heard?.torrent?.downloaded ?? 0;
    if (fact.type === 'received') heard?.hear(fact.bytes, fact.count);
    for (const action of actions) {
      if (action.type === 'close') {
        this.ended.set(action.connection, action.reason);
        const isHeard = this.conversations.get(action.connection) === heard;
        if (!isHeard) this.conversations.delete(action.connection);
        else if (heard?.torrent !== undefined) heard.torrent.unsure += heard.torrent.downloaded - before;
      } else if (action.type === 'send') {
        this.conversations.get(action.connection)?.say(action.bytes, nowMs);
      } else if (action.type === 'send-block') {
        const conversation = this.conversations.get(action.connection);
        conversation?.say(action.header, nowMs);
        conversation?.say(action.payload, nowMs);
      } else if (action.type === 'check-metadata') {
        this.conversations.get(action.connection)?.check(action.bytes);
      }
    }
  }

  /** Forgets connections that ended in this turn. Called after they are judged. */
  forgetEnded(): void {
    for (const connection of this.ended.keys()) this.conversations.delete(connection);
  }
}

const overheard = new WeakMap<Engine, Overheard>();

/** All messages up to this turn and in it. */
export function overhear(turn: Turn): Overheard {
  const { engine } = turn.peer;
  let all = overheard.get(engine);
  if (all === undefined) overheard.set(engine, (all = new Overheard(turn)));
  all.hear(turn);
  return all;
}

/** All messages so far in this run of a host. */
export function overheardOf(engine: Engine): Overheard | undefined {
  return overheard.get(engine);
}
