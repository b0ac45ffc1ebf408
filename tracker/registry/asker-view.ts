/**
 * Where the asker is decides under which address it is told of the others.
 * - A peer on the tracker's own machine announces from loopback, an address that means another host to each asker. An asker
 *   on that machine is told it as it is; others are told the address by which they reached the tracker, where they can reach
 *   that one; where not (behind a router or a proxy), its external address.
 * - A peer in the tracker's own network is told as it is to askers with an address that has a meaning in one network alone,
 *   to those behind the same router, and to those in the IPv6 network in which they reached the tracker; to the others
 *   under the external address, which the router passes on.
 * - Without an external address such peers are told to no outsider: it could not reach them.
 */
import { reachOf } from '../protocol/address-reach.ts';
import { inner4, inner6, ipv4, ipv6, lan4, local, type PoolKind } from './swarm.ts';

/** Packed addresses, 4 or 16 bytes. */
export interface PeerAddress {
  /** Of the peer that asks. */
  readonly remote: Uint8Array;
  /** Our side of the connection it asks by (what a socket calls its local address). Missing behind a proxy. */
  readonly local?: Uint8Array;
}

/** Where hosts outside reach the tracker's machine and network, packed. */
export interface ExternalAddresses {
  readonly ipv4?: Uint8Array;
  readonly ipv6?: Uint8Array;
}

/** What an asker is told of the others' addresses. */
export interface View {
  /** The kinds of peers that it can certainly dial, and then the others. */
  readonly families: readonly (readonly PoolKind[])[];
  /** Where it reaches peers on the tracker's machine; undefined: as they are listed. */
  readonly machine: Uint8Array | undefined;
  /** Where it reaches peers in the tracker's network; undefined: as they are listed. */
  readonly network: Uint8Array | undefined;
}

const everyIpv4: readonly PoolKind[] = [lan4, inner4, ipv4];
const everyIpv6: readonly PoolKind[] = [inner6, ipv6];
const onMachine: View = {
  families: [[local, ...everyIpv4], everyIpv6],
  machine: undefined,
  network: undefined,
};

export function viewOf({ remote, local: reachedAt }: PeerAddress, external: ExternalAddresses): View {
  const reach = reachOf(remote);
  if (reach === 'loopback') return onMachine;
  const isIpv4 = remote.length === 4;
  const isWorldwide = reach === 'global' || reach === 'none';
  const isOutside = isWorldwide && !isOneOf(remote, external) && !isOneNetwork(remote, reachedAt);
  const network = isOutside ? external.ipv4 : undefined;
  const machine = machineFor(remote, reachedAt, isOutside ? external : undefined);
  const kinds4: readonly PoolKind[] = isOutside ? (network === undefined ? [ipv4] : [lan4, ipv4]) : everyIpv4;
  const kinds6: readonly PoolKind[] = isOutside ? [ipv6] : everyIpv6;
  const families = isIpv4
    ? [withLocal(kinds4, machine, 4), withLocal(kinds6, machine, 16)]
    : [withLocal(kinds6, machine, 16), withLocal(kinds4, machine, 4)];
  return { families, machine, network };
}

/** Where the asker reaches the tracker's machine; undefined: that is not known. `external`: for askers outside. */
function machineFor(
  remote: Uint8Array,
  reachedAt: Uint8Array | undefined,
  external: ExternalAddresses | undefined,
): Uint8Array | undefined {
  if (reachedAt?.length === remote.length) {
    // An outsider that has come to an address of the network within was let through by a router.
    if (external === undefined || reachOf(reachedAt) === 'global') return reachedAt;
  }
  const [own, other] =
    remote.length === 4 ? [external?.ipv4, external?.ipv6] : [external?.ipv6, external?.ipv4];
  return own ?? other;
}

function withLocal(
  kinds: readonly PoolKind[],
  machine: Uint8Array | undefined,
  addressBytes: 4 | 16,
): readonly PoolKind[] {
  return machine?.length === addressBytes ? [local, ...kinds] : kinds;
}

function isOneOf(address: Uint8Array, external: ExternalAddresses): boolean {
  const own = address.length === 4 ? external.ipv4 : external.ipv6;
  return own?.every((byte, at) => byte === address[at]) ?? false;
}

/** A home has one IPv6 /64, and its hosts ask by it although they have private IPv4 addresses as well. */
function isOneNetwork(remote: Uint8Array, reachedAt: Uint8Array | undefined): boolean {
  if (remote.length !== 16 || reachedAt?.length !== 16) return false;
  for (let at = 0; at < 8; at++) if (remote[at] !== reachedAt[at]) return false;
  return true;
}
