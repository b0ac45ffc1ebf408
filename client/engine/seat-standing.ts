/**
 * What one peer is worth to us now, for the table of connections (connection-table.ts). Only what costs the peer
 * something counts: blocks that came or were taken. Keep-alives, claims of interest, a byte now and then and requests
 * whose answers are not read count for nothing.
 */
import type { Standing } from './connection-table.ts';
import type { Limits } from './limits.ts';
import type { PeerSession } from './peer-session.ts';

/** Its worth, and since when it has been worth no more. */
export function standingOf(
  session: PeerSession,
  limits: Limits,
  nowMs: number,
): { readonly standing: Standing; readonly sinceMs: number } {
  const lastTradeMs = Math.max(session.uploads.takenMs, session.pipeline.deliveredMs);
  const freshMs = lastTradeMs + limits.tradeFreshMs;
  const standing = nowMs < freshMs ? 'useful' : standingWithoutTrade(session, limits, nowMs);
  return { standing, sinceMs: Math.max(session.openedMs, freshMs) };
}

function standingWithoutTrade(session: PeerSession, limits: Limits, nowMs: number): Standing {
  const { uploads, pipeline, extensions } = session;
  if (!session.knowsPieces) return extensions?.metadataBytes === undefined ? 'useless' : 'waiting';
  if (pipeline.stalled || uploads.isStuck(nowMs, limits.stallTimeoutMs)) return 'useless';
  if (!session.amChoking) {
    // It is being sent blocks, as fast as our disk and our limits allow.
    if (uploads.isServing) return 'useful';
    if (nowMs - session.unchokedMs < limits.stallTimeoutMs) return 'waiting';
  }
  if (session.amInterested) return 'waiting';
  return session.peerInterested && session.amChoking && !session.wastedItsTurn ? 'waiting' : 'useless';
}
