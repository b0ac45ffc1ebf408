/**
 * The value of one peer to us now, for connection-table.ts. Only what costs the peer something counts: blocks
 * sent or received. Keep-alives, interest, a trickle of bytes and requests whose answers are not read do not
 * count.
 */
import type { PeerSession } from '../connection/peer-session.ts';
import type { ConnectionId, TorrentId } from '../contract.ts';
import type { Limits } from '../limits.ts';
import type { Seat, Standing } from './connection-table.ts';
import type { Occupant } from './shared-budget.ts';

/** The peer's standing, and since when: its connection, or the end of its recent trade. */
export function standingOf(
  session: PeerSession,
  limits: Limits,
  nowMs: number,
): Pick<Seat, 'standing' | 'sinceMs' | 'rate'> {
  const { openedMs, uploads, pipeline, down, up } = session;
  const freshMs = Math.max(uploads.takenMs, pipeline.deliveredMs) + limits.tradeFreshMs;
  if (nowMs < pipeline.deliveredMs + limits.tradeFreshMs)
    return { standing: 'giving', sinceMs: openedMs, rate: down.rate };
  const standing = nowMs < freshMs ? 'taking' : standingWithoutTrade(session, limits, nowMs);
  if (standing === 'taking') return { standing, sinceMs: openedMs, rate: up.rate };
  return { standing, sinceMs: Math.max(openedMs, freshMs), rate: 0 };
}

function standingWithoutTrade(session: PeerSession, limits: Limits, nowMs: number): Standing {
  const { uploads, pipeline, extensions } = session;
  if (!session.knowsPieces) return extensions?.metadataBytes === undefined ? 'useless' : 'waiting';
  if (pipeline.stalled || uploads.isStuck(nowMs, limits.stallTimeoutMs)) return 'useless';
  if (!session.amChoking) {
    // It is being sent blocks, as fast as our disk and our limits allow.
    if (uploads.isServing) return 'taking';
    if (nowMs - session.unchokedMs < limits.stallTimeoutMs) return 'waiting';
  }
  if (session.amInterested) return 'waiting';
  return session.peerInterested && session.amChoking && !session.wastedItsTurn ? 'waiting' : 'useless';
}

/** One peer, as connection-table.ts sees it. */
export class SeatedPeer implements Occupant {
  readonly torrent: TorrentId;
  readonly #session: PeerSession;
  readonly #limits: Limits;
  readonly #swarm: { makeRoom(session: PeerSession, nowMs: number): void };

  constructor(
    session: PeerSession,
    torrent: TorrentId,
    limits: Limits,
    swarm: { makeRoom(session: PeerSession, nowMs: number): void },
  ) {
    this.torrent = torrent;
    this.#session = session;
    this.#limits = limits;
    this.#swarm = swarm;
  }

  get connection(): ConnectionId {
    return this.#session.connection;
  }

  get host(): string {
    return this.#session.address.host;
  }

  get incoming(): boolean {
    return this.#session.incoming;
  }

  standing(nowMs: number): Pick<Seat, 'standing' | 'sinceMs' | 'rate'> {
    return standingOf(this.#session, this.#limits, nowMs);
  }

  makeRoom(nowMs: number): void {
    this.#swarm.makeRoom(this.#session, nowMs);
  }
}
