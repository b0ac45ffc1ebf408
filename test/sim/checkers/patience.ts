/**
 * Nobody is waited for longer than the limits say: a handshake, a sign of life, an answer. And nobody has to wait for a
 * sign of life from us. The engine looks twice a second, so everything may be late by one look.
 */

import type { Limits } from '../../../client/engine/limits.ts';
import type { PeerSession } from '../../../client/engine/peer-session.ts';
import type { Geometry } from '../../../torrents/geometry.ts';
import { type Checker, type Disbelief, firstOf } from './checker.ts';

/** What has come of a peer that owes us blocks, and when it was last worth the name. */
interface Trickle {
  readonly bytes: number;
  readonly sinceMs: number;
  /** At the last look: what had come, and when the engine began to wait. */
  seenBytes: number;
  waitsSinceMs: number;
}

export function patienceEnds(): Checker {
  const trickles = new WeakMap<PeerSession, Trickle>();
  return {
    name: 'patience-ends',
    onTurn({ world, peer, fact, nowMs }) {
      if (fact.type !== 'woke') return undefined;
      const { limits, sessions } = peer.engine.usage;
      for (const session of sessions.values()) {
        if (session.gone) continue;
        const smallest = smallestBlockBytes(world.geometry);
        const disbelief =
          judge(session, limits, nowMs) ?? judgeTrickle(session, trickles, smallest, limits, nowMs);
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

/**
 * A byte now and then is no progress: whoever owes us blocks sends as much as counts, or the smallest block there is.
 * Measured in what has come, whatever the engine made of it.
 */
function judgeTrickle(
  session: PeerSession,
  trickles: WeakMap<PeerSession, Trickle>,
  smallestBytes: number,
  limits: Limits,
  nowMs: number,
): Disbelief {
  const bytes = session.down.total;
  const waitsSinceMs = session.pipeline.progressMs;
  const trickle = trickles.get(session);
  const owes = session.pipeline.asked.length > 0 || session.pipeline.stalled;
  const isWorthwhile =
    trickle === undefined || bytes - trickle.bytes >= Math.min(limits.progressBytesMin, smallestBytes);
  // It choked us meanwhile, and was asked anew: nothing came, and the waiting began again.
  const isAskedAnew = trickle?.seenBytes === bytes && trickle.waitsSinceMs !== waitsSinceMs;
  if (!owes || isWorthwhile || isAskedAnew) {
    trickles.set(session, { bytes, sinceMs: nowMs, seenBytes: bytes, waitsSinceMs });
    return undefined;
  }
  trickle.seenBytes = bytes;
  trickle.waitsSinceMs = waitsSinceMs;
  // It may have begun to owe just after the last look, and its last bytes may have come just before.
  if (nowMs - trickle.sinceMs < limits.stallCloseMs + 3 * limits.tickMs) return undefined;
  return `${bytes - trickle.bytes} bytes in ${nowMs - trickle.sinceMs} ms of a peer that owes us blocks`;
}

/** Every piece ends with the same block, but for the last. */
function smallestBlockBytes(geometry: Geometry): number {
  const ends = [0, geometry.pieceCount - 1].map((index) => {
    const pieceIndex = geometry.pieceIndex(index)!;
    return geometry.blockBytes(pieceIndex, geometry.blockCount(pieceIndex) - 1);
  });
  return Math.min(...ends);
}
