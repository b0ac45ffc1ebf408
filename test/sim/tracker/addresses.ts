/**
 * Addresses as a model of a tracker has them: text in hex, and the families that reach each other.
 */
import type { AnnounceReply } from '../../../tracker/protocol/announce-reply.ts';

export type Family = 'local' | 'ipv4' | 'ipv6';

/** Where this asker reaches peers on the tracker's own machine; undefined: as they are, or not at all. */
export function reachedAt(remote: Uint8Array, ours: Uint8Array | undefined): Uint8Array | undefined {
  return familyOf(remote) !== 'local' && ours?.length === remote.length ? ours : undefined;
}

/** Peers on the tracker's own machine are named by its address `ours`, and listed by loopback. */
export function namedIn({ peers, peers6 }: AnnounceReply, ours: Uint8Array | undefined): string[] {
  const machine = ours && hexOf(ours);
  const named: string[] = [];
  for (const [packed, bytes] of [
    [peers, 6],
    [peers6, 18],
  ] as const)
    for (let at = 0; at < packed.length; at += bytes)
      named.push(listedAs(hexOf(packed.subarray(at, at + bytes)), machine));
  return named;
}

function listedAs(key: string, machine: string | undefined): string {
  const isOurs = machine !== undefined && key.length === machine.length + 4 && key.startsWith(machine);
  return isOurs ? `7f000001${key.slice(-4)}` : key;
}

/**
 * Those it can certainly reach, and then the others. Peers on the tracker's own machine are for that machine, and for askers
 * who have reached it at an address of their family.
 */
export function groupsFor(family: Family, reachesOurs: boolean): readonly (readonly Family[])[] {
  if (family === 'local') return [['local', 'ipv4'], ['ipv6']];
  if (reachesOurs) return family === 'ipv4' ? [['local', 'ipv4'], ['ipv6']] : [['local', 'ipv6'], ['ipv4']];
  return family === 'ipv4' ? [['ipv4'], ['ipv6']] : [['ipv6'], ['ipv4']];
}

export function familyOf(address: Uint8Array): Family {
  if (address.length === 4) return address[0] === 127 ? 'local' : 'ipv4';
  return address.every((byte, at) => byte === (at === 15 ? 1 : 0)) ? 'local' : 'ipv6';
}

/** An IPv4 address, or the /64 that an IPv6 household has. */
export function networkOf(address: Uint8Array): string {
  return hexOf(address.subarray(0, address.length === 4 ? 4 : 8));
}

/** ::1 and 127.0.0.1 are one machine. */
export function keyOf(remote: Uint8Array, port: number): string {
  const address = remote.length === 16 && familyOf(remote) === 'local' ? Uint8Array.of(127, 0, 0, 1) : remote;
  return hexOf([...address, port >> 8, port & 255]);
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hexOf(bytes: ArrayLike<number>): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += hexOfByte[bytes[at]!]!;
  return text;
}
