/** Peer ids, which are 20 bytes that a peer chooses for itself: anybody may borrow one.  BEP 3 */
import type { PeerSession } from './peer-session.ts';

export function isSameId(a: Uint8Array, b: Uint8Array): boolean {
  return compareIds(a, b) === 0;
}

/** Negative: `a` is the smaller one. */
export function compareIds(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/**
 * The session that this one would be a second one of. From another host it shuts no peer out unless the one with that name
 * already serves us well.
 */
export function namesakeOf(
  session: PeerSession,
  peerId: Uint8Array,
  sessions: Iterable<PeerSession>,
): PeerSession | undefined {
  let elsewhere: PeerSession | undefined;
  for (const other of sessions) {
    if (!isSameId(other.peerId!, peerId)) continue;
    if (other.address.host === session.address.host) return other;
    const serves = other.record!.goodPieces > 0 && other.mayBeAsked && !other.pipeline.stalled;
    if (serves) elsewhere = other;
  }
  return elsewhere;
}
