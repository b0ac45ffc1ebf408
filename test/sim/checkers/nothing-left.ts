/**
 * Some time after a torrent was stopped nothing of it is left: no connection, no buffer, no read, no timer.
 */
import type { SimPeer } from '../world/peer.ts';
import { type Checker, firstOf } from './checker.ts';

export function nothingIsLeft(): Checker {
  return {
    name: 'nothing-is-left',
    atEnd({ isAlive, engine, memory, host, disk }) {
      if (!isAlive) return undefined;
      const { budget, sessions, dials } = engine.usage;
      const none = (what: string, count: number) => (count === 0 ? undefined : `${count} ${what} left`);
      return firstOf(
        none('connections are', budget.connections),
        none('half-open connections are', budget.halfOpen + budget.unanswered),
        none('dials are', budget.dials + dials.size),
        none('sessions are', sessions.size),
        none('bytes of pieces are', budget.pieceBytes),
        none('buffers are', memory.outstanding),
        none('open sockets are', countOpen(host)),
        none('reads and writes are', disk.underWay),
        engine.wakeAtMs === Number.MAX_SAFE_INTEGER ? undefined : 'an alarm is left',
      );
    },
  };
}

/**
 * A connection that its program was never told of belongs to the kernel. It closes when the news has crossed
 * the link.
 */
function countOpen({ ends }: SimPeer['host']): number {
  let count = 0;
  for (const { isTold, connection } of ends) if (isTold || connection % 2 === 0) count += 1;
  return count;
}
