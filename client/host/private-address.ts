/**
 * Which addresses are nobody's on the open net: our own machine, networks behind a router, one link, and groups. What a
 * stranger names must not lead us there.
 */
import { BlockList, isIP } from 'node:net';

const privateNets = new BlockList();
/** IANA's special-purpose registry, without what is for documentation: nothing answers there. */
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  privateNets.addSubnet(net, bits, 'ipv4');
/** The last three carry an IPv4 address inside, which may be any: translated, 6to4, and Teredo. */
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 32],
  ['2002::', 16],
  ['2001::', 32],
] as const)
  privateNets.addSubnet(net, bits, 'ipv6');

/** Of an address in any of its spellings; what is no address at all counts as private. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  // A zone stands behind addresses of one link only. An IPv4 address in IPv6 clothes is checked as what it is.
  return family === 0 || address.includes('%') || privateNets.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
