/**
 * No peer is waited for longer than the limits say: for a handshake, a message, or a block. And the host
 * sends its own keep-alives in time. The engine looks twice a second, so everything may be one tick late.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { type Checker, type Disbelief, firstOf } from './checker.ts';

export function patienceEnds(): Checker {
  return {
    name: 'patience-ends',
    hears: ['woke'],
    onTurn({ peer, fact, nowMs }) {
      if (fact.type !== 'woke') return undefined;
      const { limits, sessions } = peer.engine.usage;
      for (const session of sessions.values()) {
        const disbelief = session.gone ? undefined : judge(session, limits, nowMs);
        if (disbelief !== undefined) return `connection ${session.connection}: ${disbelief}`;
      }
      return undefined;
    },
  };
}

function judge(session: PeerSession, limits: Limits, nowMs: number): Disbelief {
  const { tickMs } = limits;
  const after = (sinceMs: number, maxMs: number, what: string): Disbelief =>
    nowMs - sinceMs < maxMs + tickMs ? undefined : `${nowMs - sinceMs} ms ${what}`;
  if (!session.isOpen) return after(session.openedMs, limits.handshakeTimeoutMs, 'without a handshake');
  return firstOf(
    after(session.heardMs, limits.idleTimeoutMs, 'without a word from the peer'),
    after(session.spokeMs, limits.keepAliveMs, 'without a word from us'),
    session.pipeline.isSilent(nowMs, limits.stallCloseMs + tickMs)
      ? `asked for blocks, and nothing came for ${limits.stallCloseMs} ms`
      : undefined,
  );
}
