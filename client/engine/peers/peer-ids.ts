/** Peer ids: 20 bytes that a peer chooses for itself, so another peer can copy one. BEP 3 */
import type { PeerSession } from '../connection/peer-session.ts';
import type { Limits } from '../limits.ts';
import { standingOf } from './seat-standing.ts';

/** Compares from the end: ids of one client program begin alike. */
export function isSameId(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** Negative: `a` is smaller. */
export function compareIds(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/**
 * The existing session of the same peer, if this one would be a second. From another host, a copied id
 * refuses the newcomer only while the existing session serves us well. Neighbours behind one address may copy
 * ids, too: two dialed ports count as two peers, and a session that is not believed refuses no other.
 */
export function namesakeOf(
  session: PeerSession,
  peerId: Uint8Array,
  sessions: Iterable<PeerSession>,
  isBelieved: (other: PeerSession) => boolean,
): PeerSession | undefined {
  let here: PeerSession | undefined;
  let elsewhere: PeerSession | undefined;
  for (const other of sessions) {
    if (!isSameId(other.peerId, peerId)) continue;
    const isSameHost = other.address.host === session.address.host && (other.incoming || session.incoming);
    // Of several, the most recently active one: replacing a dead one would leave the active peer connected
    // twice.
    if (isSameHost && isBelieved(other) && (here === undefined || other.heardMs > here.heardMs)) here = other;
    const serves = other.record.goodPieces > 0 && other.mayBeAsked && !other.pipeline.stalled;
    if (serves) elsewhere = other;
  }
  return here ?? elsewhere;
}

/**
 * The id of this session is believed: the peer is of use, or so new that both sides may have dialed at once.
 */
export function isBelieved(session: PeerSession, limits: Limits, nowMs: number): boolean {
  return isYoung(session, limits, nowMs) || standingOf(session, limits, nowMs).standing !== 'useless';
}

function isYoung({ openedMs }: PeerSession, { dialTimeoutMs }: Limits, nowMs: number): boolean {
  return nowMs - openedMs < dialTimeoutMs;
}

/**
 * Whether a second session with one peer replaces the first. `isGreater`: the peer's id is greater than ours.
 */
export function succeeds(
  session: PeerSession,
  former: PeerSession,
  isGreater: boolean,
  limits: Limits,
  nowMs: number,
): boolean {
  if (former.address.host !== session.address.host) return false;
  // Both dialed at once: both keep the connection that the greater id dialed, so that exactly one stays.
  const isTie = isYoung(former, limits, nowMs) && former.incoming !== session.incoming;
  // An incoming peer fell silent and connects again from the same host: for the peer the old connection is
  // dead.
  const isSuccessor = former.incoming && session.incoming;
  return (
    (isTie && session.incoming === isGreater) ||
    (isSuccessor && nowMs - former.heardMs >= limits.stallTimeoutMs)
  );
}
