/**
 * A host never lets more requests wait at a peer than the peer's `reqq`, or than its own limit when the peer
 * names none. Counted on the wire: requests that were neither served, rejected, cancelled nor dropped by a
 * choke.                                                                                           BEP 3 6 10
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';
import type { Conversation } from './wire/conversation.ts';
import { overhear } from './wire/overheard.ts';

interface Queue {
  /** Requests that waited after the last turn of this connection. */
  waiting: number;
  /** The peer's last `reqq`. A later handshake without one changes nothing. */
  reqq: number | undefined;
}

export function queuesHaveRoom(): Checker {
  const queues = new WeakMap<Conversation, Queue>();
  return {
    name: 'queues-have-room',
    hears: ['woke', 'received', 'send'],
    onTurn(turn) {
      const { conversations } = overhear(turn);
      const { limits } = turn.peer.engine.usage;
      for (const connection of touchedBy(turn)) {
        const conversation = conversations.get(connection);
        if (conversation === undefined) continue;
        const disbelief = judge(conversation, queueOf(conversation, queues), limits);
        if (disbelief !== undefined) return `connection ${connection}: ${disbelief}`;
      }
      return undefined;
    },
  };
}

function touchedBy({ fact, actions }: Turn): Set<ConnectionId> {
  const touched = new Set<ConnectionId>();
  if (fact.type === 'received') touched.add(fact.connection);
  for (const action of actions) if (action.type === 'send') touched.add(action.connection);
  return touched;
}

function queueOf(said: Conversation, queues: WeakMap<Conversation, Queue>): Queue {
  const queue = queues.get(said) ?? { waiting: 0, reqq: undefined };
  queues.set(said, queue);
  return queue;
}

function judge(said: Conversation, queue: Queue, limits: Limits): Disbelief {
  queue.reqq = said.extension.reqq ?? queue.reqq;
  const before = queue.waiting;
  queue.waiting = said.asked.size;
  // A peer may lower its `reqq` while more requests are outstanding. Only requests after that are wrong.
  if (queue.waiting <= before) return undefined;
  const { reqq } = queue;
  // The host's limit applies to what it requests, the peer's `reqq` to what waits at the peer.
  const max = reqq ?? Math.max(limits.requestsOutstandingMin, limits.requestsOutstandingMax);
  if (queue.waiting <= max) return undefined;
  return `${queue.waiting} requests wait at a peer that takes ${reqq ?? 'what it has not said'}, and ${max} are allowed`;
}
