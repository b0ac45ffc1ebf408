/**
 * Where peers listen, packed as in replies: the address and then the port, both big-endian. 6 bytes per peer
 * for IPv4 (BEP 23), 18 for IPv6 (BEP 7).
 */
import { addressText, packAddress } from './address.ts';

export interface Endpoint {
  /** An IP address in its usual text form, never a host name. */
  readonly host: string;
  readonly port: number;
}

export type AddressBytes = 4 | 16;

/** Packed endpoints → text and number. Trailing bytes that are less than an endpoint are ignored. */
export function unpackEndpoints(packed: Uint8Array, addressBytes: AddressBytes): Endpoint[] {
  const endpoints: Endpoint[] = [];
  const recordBytes = addressBytes + 2;
  for (let at = 0; at + recordBytes <= packed.length; at += recordBytes) {
    const host = addressText(packed.subarray(at, at + addressBytes));
    endpoints.push({ host, port: portAt(packed, at + addressBytes) });
  }
  return endpoints;
}

/** The endpoints of this address family, packed. Others are left out. */
export function packEndpoints(endpoints: readonly Endpoint[], addressBytes: AddressBytes): Uint8Array {
  const recordBytes = addressBytes + 2;
  const packed = new Uint8Array(endpoints.length * recordBytes);
  let end = 0;
  for (const { host, port } of endpoints) {
    const address = packAddress(host);
    if (address?.length !== addressBytes) continue;
    packed.set(address, end);
    packed[end + addressBytes] = port >> 8;
    packed[end + addressBytes + 1] = port & 0xff;
    end += recordBytes;
  }
  return packed.slice(0, end);
}

/**
 * Whether an endpoint from the network is dialable: it has a port, and its address can be that of a single
 * host.
 */
export function isDialable(packed: Uint8Array, at: number, addressBytes: AddressBytes): boolean {
  if (portAt(packed, at + addressBytes) === 0) return false;
  // 0.0.0.0/8 is "this network". From 224 on there are multicast, reserved space and broadcast.
  if (addressBytes === 4) return packed[at] !== 0 && packed[at]! < 224;
  if (packed[at] === 0xff) return false;
  for (let offset = 0; offset < 16; offset++) if (packed[at + offset] !== 0) return true;
  return false;
}

export function portAt(packed: Uint8Array, at: number): number {
  return (packed[at]! << 8) | packed[at + 1]!;
}
