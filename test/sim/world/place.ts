/**
 * Where a host is on the simulated internet: an address of one family or of both, alone or with others of its house. A
 * house has one IPv4 address, behind which each host has a port of its own, and one /64 of IPv6.
 *
 * Invariant: texts of addresses are the usual ones (RFC 5952), so that a host has one text whoever names it.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';

export type Family = 'ipv4' | 'ipv6';
export const families = ['ipv4', 'ipv6', 'both'] as const;
export type Families = (typeof families)[number];

export interface Place {
  /** One or two, of different families. */
  readonly addresses: readonly [PeerAddress, ...PeerAddress[]];
  /** Its router leads to those behind it also when they are called by its own address. */
  readonly hairpin: boolean;
  /** It shares its IPv4 address with others. */
  readonly isShared: boolean;
}

const firstPort = 6881;

export function familyOf(host: string): Family {
  return host.includes(':') ? 'ipv6' : 'ipv4';
}

/** Its address that others see when it calls `host`; undefined: it has none of that family. */
export function addressToward(addresses: readonly PeerAddress[], host: string): PeerAddress | undefined {
  return addresses.find((address) => familyOf(address.host) === familyOf(host));
}

/** By which two hosts with these families talk: IPv6 when both have it, as systems prefer it; undefined: they cannot. */
export function commonFamily(here: Families, there: Families): Family | undefined {
  const has = (families: Families, family: Family) => families === 'both' || families === family;
  return (['ipv6', 'ipv4'] as const).find((family) => has(here, family) && has(there, family));
}

/** The address from which it calls a host with these families. */
export function addressOver(addresses: readonly PeerAddress[], there: Families): PeerAddress | undefined {
  return addresses.findLast(({ host }) => there === 'both' || familyOf(host) === there);
}

/** A host with addresses that nobody shares. */
export function lonePlace(number: number, has: Families): Place {
  const ipv4 = `50.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const ipv6 = `2001:db8:${(0x4000 + (number & 0x3fff)).toString(16)}::1`;
  return placeAt(ipv4, ipv6, firstPort, has);
}

/** The nth host of a house; both below 4,000. */
export function housePlace(house: number, member: number, has: Families, hairpin: boolean): Place {
  const ipv4 = `60.64.${house >> 8}.${house & 255}`;
  const ipv6 = `2001:db8:${(house + 1).toString(16)}::${(member + 1).toString(16)}`;
  return { ...placeAt(ipv4, ipv6, firstPort + member, has), hairpin, isShared: true };
}

function placeAt(ipv4: string, ipv6: string, port: number, has: Families): Place {
  const both = [
    { host: ipv4, port },
    { host: ipv6, port },
  ] as const;
  const addresses = has === 'both' ? both : ([both[has === 'ipv4' ? 0 : 1]] as const);
  return { addresses, hairpin: true, isShared: false };
}

/** An IPv4 address, or the /64 that an IPv6 address lies in: what counts as one host where hosts are counted. */
export function householdOf(host: string): string {
  // Most are IPv4, and are asked for at every look at all connections.
  if (!host.includes(':')) return host;
  const packed = packAddress(host)!;
  return packed.length === 4 ? host : Buffer.from(packed.subarray(0, 8)).toString('hex');
}

/** What one customer of a hosting provider rents: an IPv4 /24 or an IPv6 /48. */
export function networkOf(host: string): string {
  const packed = packAddress(host)!;
  return Buffer.from(packed.subarray(0, packed.length === 4 ? 3 : 6)).toString('hex');
}
