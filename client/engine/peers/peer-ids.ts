/** Peer ids, which are 20 bytes that a peer chooses for itself: anybody may borrow one.  BEP 3 */
import type { PeerSession } from '../connection/peer-session.ts';
import type { Limits } from '../limits.ts';
import { standingOf } from './seat-standing.ts';

/** From the end: ids of one client begin alike. */
export function isSameId(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** Negative: `a` is the smaller one. */
export function compareIds(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/**
 * The session that this one would be a second one of. From another place it shuts no peer out unless the one with that
 * name already serves us well. Neighbours behind one address may lie, too: two of its ports that we have dialed are two
 * places, and a session for which nothing speaks is no reason to refuse another. Of two with one peer, the peer ends one.
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
    // Of several, the one that is most alive: a dead one would be replaced, and that one be there twice.
    if (isSameHost && isBelieved(other) && (here === undefined || other.heardMs > here.heardMs)) here = other;
    const serves = other.record.goodPieces > 0 && other.mayBeAsked && !other.pipeline.stalled;
    if (serves) elsewhere = other;
  }
  return here ?? elsewhere;
}

/** Its name is believed: it is of use, or so new that both may have dialed at the same time. */
export function isBelieved(session: PeerSession, limits: Limits, nowMs: number): boolean {
  return isYoung(session, limits, nowMs) || standingOf(session, limits, nowMs).standing !== 'useless';
}

function isYoung({ openedMs }: PeerSession, { dialTimeoutMs }: Limits, nowMs: number): boolean {
  return nowMs - openedMs < dialTimeoutMs;
}

/** Whether a second session with one peer takes the place of the first. `isGreater`: the peer's id is greater than ours. */
export function succeeds(
  session: PeerSession,
  former: PeerSession,
  isGreater: boolean,
  limits: Limits,
  nowMs: number,
): boolean {
  if (former.address.host !== session.address.host) return false;
  // Both dialed at the same time: both keep the connection that the greater id dialed, so that one stays.
  const isTie = isYoung(former, limits, nowMs) && former.incoming !== session.incoming;
  // It came to us, fell silent, and comes again from the same place: for the peer the old connection is dead.
  const isSuccessor = former.incoming && session.incoming;
  return (
    (isTie && session.incoming === isGreater) ||
    (isSuccessor && nowMs - former.heardMs >= limits.stallTimeoutMs)
  );
}
