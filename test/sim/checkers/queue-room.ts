/**
 * A host never lets more requests wait at a peer than the peer has said it takes (`reqq`), and never more than its own limits
 * allow. Counted on the wire: what was asked for and was neither sent, nor refused, nor taken back, nor dropped by a choke.
 *                                                                                                      BEP 3 6 10
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';
import type { Conversation } from './wire/conversation.ts';
import { overhear } from './wire/overheard.ts';

interface Queue {
  /** Requests that waited after the last turn about this connection. */
  waiting: number;
  /** What the peer said last: a later handshake that says nothing of it changes nothing. */
  reqq: number | undefined;
}

export function queuesHaveRoom(): Checker {
  const queues = new WeakMap<Conversation, Queue>();
  return {
    name: 'queues-have-room',
    onTurn(turn) {
      const { conversations } = overhear(turn);
      const { limits, sessions } = turn.peer.engine.usage;
      for (const connection of touchedBy(turn)) {
        const conversation = conversations.get(connection);
        if (conversation === undefined) continue;
        // Given back when the peer stalled, and not taken back, since they may be on their way: they wait beside the rest.
        const late = sessions.get(connection)?.pipeline.late.size ?? 0;
        const disbelief = judge(conversation, queues, limits, late);
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

function judge(
  said: Conversation,
  queues: WeakMap<Conversation, Queue>,
  limits: Limits,
  late: number,
): Disbelief {
  let queue = queues.get(said);
  if (queue === undefined) queues.set(said, (queue = { waiting: 0, reqq: undefined }));
  queue.reqq = said.extension.reqq ?? queue.reqq;
  const before = queue.waiting;
  queue.waiting = said.asked.size;
  // A peer may lower its reqq while more than that is on the way: only what is asked for after that is wrong.
  if (queue.waiting <= before) return undefined;
  const { reqq } = queue;
  const { requestsOutstandingMin, requestsOutstandingMax, requestsReqqMax } = limits;
  // Limits may be drawn in which the least is more than the most: then the least counts, and the peer's word before both.
  const own = Math.max(requestsOutstandingMin, reqq === undefined ? requestsOutstandingMax : requestsReqqMax);
  const max = Math.min(own, reqq ?? own);
  if (queue.waiting <= max + late) return undefined;
  return `${queue.waiting} requests wait at a peer that takes ${reqq ?? 'what it has not said'}, and ${max} are allowed`;
}
