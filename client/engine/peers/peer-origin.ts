/**
 * The origin of a peer's address, and which torrents may use it. A private torrent gets its peers from its
 * trackers: addresses from peer exchange, the local network or a DHT are left out. Every address passes this
 * check. BEP 27
 *
 * Invariant: an address keeps the origin by which it first became known.
 */
import type { PeerOrigin } from '../contract.ts';

/** An incoming peer knows the torrent already. */
const forPrivate: ReadonlySet<PeerOrigin> = new Set(['tracker', 'user', 'incoming']);

export function mayMeetPrivate(origin: PeerOrigin): boolean {
  return forPrivate.has(origin);
}
