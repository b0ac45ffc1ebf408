/** The address of a peer, as people type it: an IPv6 address stands in brackets. */
import type { PeerAddress } from '../../engine/contract.ts';

export function addressText({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
