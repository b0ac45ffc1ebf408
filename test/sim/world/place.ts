/**
 * The addresses of a host on the simulated internet: one family or both, alone or shared with other hosts of
 * its house. A house has one IPv4 address, behind which each host has a port of its own, and one IPv6 /64.
 *
 * Invariant: addresses have their usual text (RFC 5952), so that a host has one text everywhere.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';

export type Family = 'ipv4' | 'ipv6';
export const families = ['ipv4', 'ipv6', 'both'] as const;
export type Families = (typeof families)[number];

export interface Place {
  /** One or two, of different families. */
  readonly addresses: readonly [PeerAddress, ...PeerAddress[]];
  /** Whether its router forwards connections from inside the house to its own outer address. */
  readonly hairpin: boolean;
  /** Whether it shares its IPv4 address with others. */
  readonly isShared: boolean;
}

const firstPort = 6881;

export function familyOf(host: string): Family {
  return host.includes(':') ? 'ipv6' : 'ipv4';
}

/** The address with which it dials `host`; undefined when it has none of that family. */
export function addressToward(addresses: readonly PeerAddress[], host: string): PeerAddress | undefined {
  return addresses.find((address) => familyOf(address.host) === familyOf(host));
}

/**
 * The family by which two hosts connect: IPv6 when both have it, as operating systems prefer; undefined when
 * they have none in common.
 */
export function commonFamily(here: Families, there: Families): Family | undefined {
  const has = (families: Families, family: Family) => families === 'both' || families === family;
  return (['ipv6', 'ipv4'] as const).find((family) => has(here, family) && has(there, family));
}

/** The address from which it connects to a host with these families. */
export function addressOver(addresses: readonly PeerAddress[], there: Families): PeerAddress | undefined {
  return addresses.findLast(({ host }) => there === 'both' || familyOf(host) === there);
}

/** A host with unshared addresses. */
export function lonePlace(number: number, has: Families): Place {
  const ipv4 = `50.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  const ipv6 = `2001:db8:${(0x4000 + (number & 0x3fff)).toString(16)}::1`;
  return placeAt(ipv4, ipv6, firstPort, has);
}

/** The nth host of a house; both numbers are below 4,000. */
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

/** An IPv4 address, or the /64 of an IPv6 address: one host where hosts are counted. */
export function householdOf(host: string): string {
  // Most are IPv4, and checkers call this for all connections.
  if (!host.includes(':')) return host;
  const packed = packAddress(host)!;
  return packed.length === 4 ? host : Buffer.from(packed.subarray(0, 8)).toString('hex');
}

/** The network that one customer of a hosting provider rents: an IPv4 /24 or an IPv6 /48. */
export function networkOf(host: string): string {
  const packed = packAddress(host)!;
  return Buffer.from(packed.subarray(0, packed.length === 4 ? 3 : 6)).toString('hex');
}
