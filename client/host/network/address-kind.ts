/**
 * Classifies an IP address: public, on this machine or in a private network, or forbidden for any address in
 * a torrent.
 *
 * Invariant: an address that embeds another one (IPv4-mapped, IPv4-compatible, NAT64, 6to4, ISATAP) never
 * gets a less strict kind than the embedded one. Text that is not an address is forbidden.
 */
import { BlockList } from 'node:net';
import { addressText, packAddress } from '../../../tracker/protocol/address.ts';

/**
 * `private`: loopback and private networks, which contain trackers of homes and clubs, and many devices that
 * trust every local client. `forbidden`: link-local addresses, where cloud metadata services hand out
 * credentials and no tracker is; multicast; and `0.0.0.0`, which systems treat as loopback.
 */
export type AddressKind = 'public' | 'private' | 'forbidden';

type Net = readonly [net: string, bits: number];

/** From IANA's special-purpose registries, without the documentation ranges, where nothing answers. */
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
    // Local NAT64 (RFC 8215), and the rest of its range.
    ['64:ff9b::', 32],
    // Teredo: the embedded address is obfuscated, and no tracker has such an address.
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
    // Cloud metadata services that are not link-local: Alibaba, Azure, Oracle.
    ['100.100.100.200', 32],
    ['168.63.129.16', 32],
    ['192.0.0.192', 32],
  ],
  [
    ['::', 128],
    ['fe80::', 10],
    ['ff00::', 8],
    // Cloud metadata services: Amazon, Google.
    ['fd00:ec2::254', 128],
    ['fd20:ce::254', 128],
  ],
);

/** The kind of an address in any of its notations. */
export function addressKind(address: string): AddressKind {
  const packed = packAddress(address);
  // Addresses with a zone are link-local.
  if (packed === undefined || address.includes('%')) return 'forbidden';
  const inner = packed.length === 16 ? innerIpv4(packed) : undefined;
  const kind = ownKind(packed);
  if (inner === undefined) return kind;
  // Behind a NAT64 gateway every IPv4 address has such an IPv6 address, so the embedded one decides.
  return worse(kind, ownKind(inner));
}

function ownKind(packed: Uint8Array): AddressKind {
  const family = packed.length === 4 ? 'ipv4' : 'ipv6';
  const text = addressText(packed);
  if (forbiddenNets.check(text, family)) return 'forbidden';
  return privateNets.check(text, family) && !isPrefix(packed, nat64Prefix) ? 'private' : 'public';
}

const nat64Prefix = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * The IPv4 address embedded in an IPv6 one, if any. packAddress has already reduced IPv4-mapped ones to four
 * bytes.
 */
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
