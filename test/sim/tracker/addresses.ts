/** Addresses for the models of a tracker: hex text, and the address families that can reach each other. */
import type { AnnounceReply } from '../../../tracker/protocol/announce-reply.ts';

/**
 * The kind of a listed address: of the tracker's own machine (`local`), of its network (`home`), valid in one
 * network only (`inner4`, `inner6`), or reachable by all.
 */
export type Family = 'local' | 'ipv4' | 'ipv6' | 'home' | 'inner4' | 'inner6';

/** Addresses at which a router forwards to the tracker and its network. */
export interface External {
  readonly ipv4?: Uint8Array;
  readonly ipv6?: Uint8Array;
}

/** What a reply to one requester may contain. */
export interface Sight {
  /** First the families that the requester can certainly reach, then the others. */
  readonly groups: readonly (readonly Family[])[];
  /**
   * The addresses sent in place of the tracker's machine and of its network, for requesters that do not get
   * the real ones.
   */
  readonly machine: Uint8Array | undefined;
  readonly home: Uint8Array | undefined;
}

/** `ours`: the address at which the tracker was reached, if known. */
export function sightOf(remote: Uint8Array, ours: Uint8Array | undefined, external: External): Sight {
  const family = familyOf(remote);
  if (family === 'local')
    return {
      groups: [
        ['local', 'home', 'inner4', 'ipv4'],
        ['inner6', 'ipv6'],
      ],
      machine: undefined,
      home: undefined,
    };
  const isOutside =
    (family === 'ipv4' || family === 'ipv6') &&
    ![external.ipv4, external.ipv6].some((one) => one !== undefined && hexOf(one) === hexOf(remote)) &&
    !(remote.length === 16 && ours?.length === 16 && networkOf(remote) === networkOf(ours));
  const isTold = ours?.length === remote.length && (!isOutside || familyOf(ours).startsWith('ipv'));
  const outer = remote.length === 4 ? (external.ipv4 ?? external.ipv6) : (external.ipv6 ?? external.ipv4);
  const machine = isTold ? ours : isOutside ? outer : undefined;
  const home = isOutside ? external.ipv4 : undefined;
  const reaches: Record<4 | 16, Family[]> = {
    4: isOutside ? (home === undefined ? ['ipv4'] : ['home', 'ipv4']) : ['home', 'inner4', 'ipv4'],
    16: isOutside ? ['ipv6'] : ['inner6', 'ipv6'],
  };
  if (machine !== undefined) reaches[machine.length === 4 ? 4 : 16].unshift('local');
  return {
    groups: remote.length === 4 ? [reaches[4], reaches[16]] : [reaches[16], reaches[4]],
    machine,
    home,
  };
}

/**
 * The peers of a reply, by their listed addresses. An address sent in place of the tracker's machine or
 * network may mean any peer there with that port: `listed` says which exist.
 */
export function namedIn(
  { peers, peers6 }: AnnounceReply,
  { machine, home }: Sight,
  listed: Iterable<string>,
): string[] {
  const standsFor = new Map<string, string[]>();
  for (const key of listed) {
    const isHome =
      home !== undefined && key.length === 12 && familyOf(Buffer.from(key.slice(0, 8), 'hex')) === 'home';
    const host = key.startsWith(loopback) && key.length === 12 ? machine : isHome ? home : undefined;
    if (host === undefined) continue;
    const name = `${hexOf(host)}${key.slice(-4)}`;
    standsFor.set(name, [...(standsFor.get(name) ?? []), key]);
  }
  const named: string[] = [];
  for (const [packed, bytes] of [
    [peers, 6],
    [peers6, 18],
  ] as const)
    for (let at = 0; at < packed.length; at += bytes) {
      const name = hexOf(packed.subarray(at, at + bytes));
      named.push(standsFor.get(name)?.shift() ?? name);
    }
  return named;
}

const loopback = '7f';

export function familyOf(address: Uint8Array): Family {
  if (address.length === 4) {
    const [first, second] = [address[0]!, address[1]!];
    if (first === 127) return 'local';
    if (first === 10 || (first === 192 && second === 168) || (first === 172 && second >> 4 === 1))
      return 'home';
    return (first === 100 && second >> 6 === 1) || (first === 169 && second === 254) ? 'inner4' : 'ipv4';
  }
  if (address.every((byte, at) => byte === (at === 15 ? 1 : 0))) return 'local';
  return address[0] === 0xfd || (address[0] === 0xfe && address[1] === 0x80) ? 'inner6' : 'ipv6';
}

/** An IPv4 address, or the /64 of an IPv6 household. */
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
