/**
 * The public addresses of the tracker's own network, as the operator configures them. Peers outside receive
 * them in place of the private addresses of peers in that network (registry/asker-view.ts).
 */
import { CodedError } from '../../../torrents/coded-error.ts';
import { packAddress } from '../../protocol/address.ts';
import { reachOf } from '../../protocol/address-reach.ts';
import type { ExternalAddresses } from '../../registry.ts';

export const externalAddressErrorCodes = ['external-address-invalid'] as const;

export interface ExternalAddressFault {
  /** `local`: a loopback, link-local or private address. */
  readonly fault: 'no-address' | 'local' | 'unreachable' | 'second';
}

export class ExternalAddressError extends CodedError<'external-address-invalid', ExternalAddressFault> {
  override readonly name = 'ExternalAddressError';
}

/**
 * Accepts at most one globally reachable address per family (`203.0.113.7`, `2001:db8::1`). Throws
 * ExternalAddressError.
 */
export function checkExternalAddresses(texts: readonly string[]): ExternalAddresses {
  const found: { ipv4?: Uint8Array; ipv6?: Uint8Array } = {};
  for (const text of texts) {
    const said = JSON.stringify(text.slice(0, 200));
    // A zone (`%eth0`) is meaningful on one machine only.
    const packed = text.includes('%') ? undefined : packAddress(text);
    if (packed === undefined) throw refusal('no-address', `${said} is no IP address`);
    const reach = reachOf(packed);
    if (reach !== 'global') {
      const [fault, why] = whyUnreachable[reach];
      throw refusal(fault, `${said} ${why}`);
    }
    const family = packed.length === 4 ? 'ipv4' : 'ipv6';
    if (found[family] !== undefined) {
      const name = family === 'ipv4' ? 'IPv4' : 'IPv6';
      throw refusal('second', `${said} is a second ${name} address; a peer is told under one`);
    }
    found[family] = packed;
  }
  return found;
}

const whyUnreachable = {
  loopback: ['local', 'means each machine itself'],
  link: ['local', 'is known in one network only'],
  private: ['local', 'is known in one network only'],
  shared: ['unreachable', "is one of a provider's own network, which hosts outside cannot dial"],
  none: ['unreachable', 'is an address that no host has'],
} as const;

function refusal(fault: ExternalAddressFault['fault'], message: string): ExternalAddressError {
  return new ExternalAddressError('external-address-invalid', message, { fault });
}
