/**
 * Where a peer's address comes from, and which torrents may be told of it. A private torrent is for those whom its trackers
 * know: what other peers, the network at home or a DHT name stays out, and all addresses pass by here.                BEP 27
 *
 * Invariant: an address keeps the origin it was first known by.
 */
import type { PeerOrigin } from '../contract.ts';

/** A peer that comes to us knows the torrent already. */
const forPrivate: ReadonlySet<PeerOrigin> = new Set(['tracker', 'user', 'incoming']);

export function mayMeetPrivate(origin: PeerOrigin): boolean {
  return forPrivate.has(origin);
}
