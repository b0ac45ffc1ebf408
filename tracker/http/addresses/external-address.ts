/**
 * The addresses under which a router makes the tracker's network known to the world, as its operator names them. Outsiders
 * are told them for peers in that network (registry/asker-view.ts).
 */
import { packAddress } from '../../protocol/address.ts';
import { reachOf } from '../../protocol/address-reach.ts';
import type { ExternalAddresses } from '../../registry.ts';

/** `code`: external-address-invalid. */
class ExternalAddressError extends Error {
  readonly code = 'external-address-invalid';
}

/** At most one of each family (`203.0.113.7`, `2001:db8::1`), that hosts outside can dial. Throws ExternalAddressError. */
export function checkExternalAddresses(texts: readonly string[]): ExternalAddresses {
  const found: { ipv4?: Uint8Array; ipv6?: Uint8Array } = {};
  for (const text of texts) {
    const said = JSON.stringify(text.slice(0, 200));
    // Brackets and a zone belong to URLs and to one machine.
    const packed = text.includes('%') ? undefined : packAddress(text);
    if (packed === undefined) {
      const message = `${said} is no IP address; give the one that your router has on the internet, like 203.0.113.7`;
      throw new ExternalAddressError(message);
    }
    const reach = reachOf(packed);
    if (reach !== 'global') throw new ExternalAddressError(`${said} ${whyUnreachable[reach]}`);
    const family = packed.length === 4 ? 'ipv4' : 'ipv6';
    if (found[family] !== undefined) {
      const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
      throw new ExternalAddressError(`${said} is a second ${name} address; a peer is told under one`);
    }
    found[family] = packed;
  }
  return found;
}

const whyUnreachable = {
  loopback: 'means each machine itself; give the address that your router has on the internet',
  link: 'is known in one network only; give the address that your router has on the internet',
  private: 'is known in one network only; give the address that your router has on the internet',
  shared: "is one of a provider's own network, which hosts outside cannot dial",
  none: 'is an address that no host has',
} as const;
