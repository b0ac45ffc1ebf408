/**
 * No host is connected to itself, nor twice to the same peer of the same host where that can be told.   BEP 3
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { type Checker, inspectionOf } from './checker.ts';

export function everybodyIsSomebodyElse(): Checker {
  /** Sessions that were judged when they opened. */
  const known = new WeakSet<PeerSession>();
  return {
    name: 'everybody-is-somebody-else',
    hears: ['report peer-connected'],
    onTurn({ peer, actions, nowMs }) {
      const hasMet = actions.some(
        (action) => action.type === 'report' && action.report.type === 'peer-connected',
      );
      if (!hasMet) return undefined;
      const { peerId, limits } = peer.engine.usage;
      const sessions = [...(inspectionOf(peer)?.sessions.values() ?? [])];
      for (const session of sessions) {
        if (known.has(session)) continue;
        known.add(session);
        const problem = judge(session, peerId, sessions, limits, nowMs);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  };
}

function judge(
  session: PeerSession,
  ourId: Uint8Array,
  sessions: readonly PeerSession[],
  limits: Limits,
  nowMs: number,
): string | undefined {
  const { peerId, address, incoming } = session;
  const id = nameOf(peerId!);
  if (id === nameOf(ourId)) return `is connected with itself, as ${address.host}`;
  const isAgain = (other: PeerSession) =>
    other !== session && other.address.host === address.host && nameOf(other.peerId!) === id;
  const former = sessions.find((other) => isAgain(other) && !mayLie(other));
  return former && `is connected twice with ${id} at ${address.host}`;

  /**
   * The same peer id may belong to a neighbour of the peer: both were dialed, at different ports, or the
   * other session is older than `dialTimeoutMs` and has traded nothing lately.
   */
  function mayLie(other: PeerSession): boolean {
    if (!other.incoming && !incoming) return other.address.port !== address.port;
    const tradedMs = Math.max(other.uploads.takenMs, other.pipeline.deliveredMs);
    return nowMs - other.openedMs >= limits.dialTimeoutMs && nowMs - tradedMs >= limits.tradeFreshMs;
  }
}

function nameOf(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
