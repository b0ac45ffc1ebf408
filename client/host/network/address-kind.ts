/**
 * What an IP address leads to: the open net, this machine and the networks behind its router, or a place that no address
 * in a torrent may lead to.
 *
 * Invariant: an address that carries another one inside (IPv4-mapped, IPv4-compatible, NAT64, 6to4, ISATAP) is never
 * judged more kindly than that one. What is not an address at all is forbidden.
 */
import { BlockList } from 'node:net';
import { addressText, packAddress } from '../../../tracker/protocol/address.ts';

/**
 * `private`: loopback and private networks, where trackers of a home or a club stand, and much else that trusts whoever can
 * reach it. `forbidden`: link-local, where clouds hand out credentials and no tracker is; groups; and `0.0.0.0`, which
 * systems take for loopback.
 */
export type AddressKind = 'public' | 'private' | 'forbidden';

type Net = readonly [net: string, bits: number];

/** IANA's special-purpose registries, without what is for documentation: nothing answers there. */
const privateNets = blockList(
  [
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
  ],
  [
    ['::1', 128],
    // Local NAT64 (RFC 8215), and what else is near it.
    ['64:ff9b::', 32],
    // Teredo: the address inside is masked, and no tracker has such a one.
    ['2001::', 32],
    ['fc00::', 7],
    ['fec0::', 10],
  ],
);

const forbiddenNets = blockList(
  [
    ['0.0.0.0', 8],
    ['169.254.0.0', 16],
    ['224.0.0.0', 3],
    // Metadata services of clouds that are not link-local: Alibaba, Azure, Oracle.
    ['100.100.100.200', 32],
    ['168.63.129.16', 32],
    ['192.0.0.192', 32],
  ],
  [
    ['::', 128],
    ['fe80::', 10],
    ['ff00::', 8],
    // Metadata services again: Amazon, Google.
    ['fd00:ec2::254', 128],
    ['fd20:ce::254', 128],
  ],
);

/** Of an address in any of its spellings. */
export function addressKind(address: string): AddressKind {
  const packed = packAddress(address);
  // A zone stands behind addresses of one link.
  if (packed === undefined || address.includes('%')) return 'forbidden';
  const inner = packed.length === 16 ? innerIpv4(packed) : undefined;
  const kind = ownKind(packed);
  if (inner === undefined) return kind;
  // Behind a NAT64 gateway the whole IPv4 net has such addresses: they are what the inner one is.
  return worse(kind, ownKind(inner));
}

function ownKind(packed: Uint8Array): AddressKind {
  const family = packed.length === 4 ? 'ipv4' : 'ipv6';
  const text = addressText(packed);
  if (forbiddenNets.check(text, family)) return 'forbidden';
  return privateNets.check(text, family) && !isPrefix(packed, nat64Prefix) ? 'private' : 'public';
}

const nat64Prefix = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);

/** The IPv4 address that an IPv6 one stands for, if any. IPv4-mapped ones are four bytes by now (packAddress). */
function innerIpv4(packed: Uint8Array): Uint8Array | undefined {
  const last = packed.subarray(12);
  const isCompatible = isPrefix(packed, new Uint8Array(12)) && (last[0] !== 0 || last[1] !== 0);
  const isNat64 = isPrefix(packed, nat64Prefix.subarray(0, 4));
  const isIsatap = (packed[8]! & 0xfd) === 0 && packed[9] === 0 && packed[10] === 0x5e && packed[11] === 0xfe;
  if (isCompatible || isNat64 || isIsatap) return last;
  const is6to4 = packed[0] === 0x20 && packed[1] === 0x02;
  return is6to4 ? packed.subarray(2, 6) : undefined;
}

function isPrefix(packed: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.length <= packed.length && prefix.every((byte, at) => packed[at] === byte);
}

function worse(a: AddressKind, b: AddressKind): AddressKind {
  if (a === 'forbidden' || b === 'forbidden') return 'forbidden';
  return a === 'private' || b === 'private' ? 'private' : 'public';
}

function blockList(ipv4: readonly Net[], ipv6: readonly Net[]): BlockList {
  const list = new BlockList();
  for (const [net, bits] of ipv4) list.addSubnet(net, bits, 'ipv4');
  for (const [net, bits] of ipv6) list.addSubnet(net, bits, 'ipv6');
  return list;
}
