/** A peer's address as text. IPv6 addresses stand in brackets. */
import type { PeerAddress } from '../../engine/contract.ts';

export function addressText({ host, port }: PeerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
