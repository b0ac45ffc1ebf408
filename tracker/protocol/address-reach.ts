/**
 * From where an address can be reached. A peer's address is of use only to peers in the same network.
 *
 * `link`: one link, wired or wireless (169.254.0.0/16, fe80::/10). `private`: a home or company network (RFC
 * 1918, RFC 4193). `shared`: behind a provider's NAT (RFC 6598). `none`: not the address of a host.
 */
export type Reach = 'loopback' | 'link' | 'private' | 'shared' | 'global' | 'none';

/** `packed`: 4 or 16 bytes, as packAddress returns them. */
export function reachOf(packed: Uint8Array): Reach {
  return packed.length === 4 ? reachOfIpv4(packed[0]!, packed[1]!) : reachOfIpv6(packed);
}

function reachOfIpv4(first: number, second: number): Reach {
  switch (first) {
    case 0:
      return 'none';
    case 10:
      return 'private';
    case 100:
      return second >= 64 && second < 128 ? 'shared' : 'global';
    case 127:
      return 'loopback';
    case 169:
      return second === 254 ? 'link' : 'global';
    case 172:
      return second >= 16 && second < 32 ? 'private' : 'global';
    case 192:
      return second === 168 ? 'private' : 'global';
    default:
      // Multicast and reserved addresses.
      return first >= 224 ? 'none' : 'global';
  }
}

function reachOfIpv6(packed: Uint8Array): Reach {
  const [first, second] = packed as Uint8Array & readonly [number, number];
  if ((first & 0xfe) === 0xfc) return 'private';
  if (first === 0xfe && (second & 0xc0) === 0x80) return 'link';
  // Site-local, deprecated in favour of fc00::/7.
  if (first === 0xfe && (second & 0xc0) === 0xc0) return 'private';
  if (first === 0xff) return 'none';
  for (let at = 0; at < 15; at++) if (packed[at] !== 0) return 'global';
  return packed[15] === 1 ? 'loopback' : packed[15] === 0 ? 'none' : 'global';
}
