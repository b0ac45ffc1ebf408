/**
 * All connections of one life of a host, overheard: what comes and what leaves, in the order of its turns. Several
 * checkers ask; each turn is listened to once.
 */
import type { ConnectionId } from '../../../../client/engine/contract.ts';
import type { Engine } from '../../../../client/engine/engine.ts';
import type { Turn } from '../checker.ts';
import { Conversation } from './conversation.ts';
import type { Host, Torrent } from './host.ts';
import { hex } from './reader.ts';

export class Overheard {
  readonly conversations = new Map<ConnectionId, Conversation>();
  /** Those that have ended in this turn, and why if the host said so. */
  readonly ended = new Map<ConnectionId, string>();
  /** By the number it was added under. */
  readonly torrents = new Map<number, Torrent>();
  readonly #host: Host;
  #last: Turn | undefined;
  /** Something was heard in it since its last turn began: nothing else changes what begins with a turn. */
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
        // Whoever asks for a hash is given to the torrent itself rather than to a magnet.
        // One that was stopped and added again is the later one.
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

  /** Of no effect for the turn that was heard last. */
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

  /** The conversation this turn was about has ended in it: to be called when it has been judged. */
  forgetEnded(): void {
    for (const connection of this.ended.keys()) this.conversations.delete(connection);
  }
}

const overheard = new WeakMap<Engine, Overheard>();

/** What was said up to and in this turn. */
export function overhear(turn: Turn): Overheard {
  const { engine } = turn.peer;
  let all = overheard.get(engine);
  if (all === undefined) overheard.set(engine, (all = new Overheard(turn)));
  all.hear(turn);
  return all;
}

/** What was said so far in this life of a host. */
export function overheardOf(engine: Engine): Overheard | undefined {
  return overheard.get(engine);
}
