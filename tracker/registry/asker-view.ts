/**
 * Which peers a reply may contain, and under which address, by where the asker is.
 * - A peer on the tracker's own machine announces from loopback, an address that means another host to each
 *   asker. An asker on that machine gets the loopback address. Other askers get the address by which they
 *   reached the tracker. If a router or proxy is in between, outsiders get the tracker's external address,
 *   and askers in its network do not get the peer.
 * - A peer with a private IPv4 address is listed as it is for askers with an address that is valid in one
 *   network only, for askers behind the same router, and for askers in the IPv6 /64 in which they reached the
 *   tracker. Outsiders get the external IPv4 address, from which the router forwards the port.
 * - A peer with another address that is valid in one network only is never sent to outsiders.
 * - Without an external address, replies to outsiders leave all these peers out: outsiders cannot reach them.
 */
import { reachOf } from '../protocol/address-reach.ts';
import { inner4, inner6, ipv4, ipv6, lan4, local, type PoolKind } from './swarm.ts';

/** Packed addresses, 4 or 16 bytes. */
export interface PeerAddress {
  /** Address of the asking peer. */
  readonly remote: Uint8Array;
  /** The tracker's side of the connection (a socket's local address). Undefined behind a proxy. */
  readonly local?: Uint8Array;
}

/** The packed addresses by which hosts outside reach the tracker's machine and network. */
export interface ExternalAddresses {
  readonly ipv4?: Uint8Array;
  readonly ipv6?: Uint8Array;
}

/** Which peers an asker gets, and which addresses replace those of peers nearby. */
export interface View {
  /** Kinds of peers by address family. First the asker's own family, which it can certainly dial. */
  readonly families: readonly (readonly PoolKind[])[];
  /** Replaces the address of peers on the tracker's machine; undefined: their listed address is sent. */
  readonly machine: Uint8Array | undefined;
  /** Replaces the address of peers with private IPv4 addresses; undefined: their listed address is sent. */
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

/**
 * The address by which the asker reaches the tracker's machine, if known. `external`: given for outsiders
 * only.
 */
function machineFor(
  remote: Uint8Array,
  reachedAt: Uint8Array | undefined,
  external: ExternalAddresses | undefined,
): Uint8Array | undefined {
  if (reachedAt?.length === remote.length) {
    // If an outsider reached a private address, a router has forwarded the connection.
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

/**
 * A home has one IPv6 /64. Its hosts reach the tracker by IPv6 even if they have private IPv4 addresses too.
 */
function isOneNetwork(remote: Uint8Array, reachedAt: Uint8Array | undefined): boolean {
  if (remote.length !== 16 || reachedAt?.length !== 16) return false;
  for (let at = 0; at < 8; at++) if (remote[at] !== reachedAt[at]) return false;
  return true;
}
