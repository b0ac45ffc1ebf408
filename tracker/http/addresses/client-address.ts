/**
 * The address of the client: the socket's remote address, which the client cannot forge. If the socket
 * belongs to a trusted proxy, it is the right-most address in X-Forwarded-For that is not a trusted proxy.
 * Entries further left may be forged by the client and are ignored.
 */
import type { IncomingMessage } from 'node:http';
import { BlockList, type Socket } from 'node:net';
import { CodedError } from '../../../torrents/coded-error.ts';
import { addressText, packAddress } from '../../protocol/address.ts';
import type { PeerAddress } from '../../registry.ts';

/** The parts of a request that decide the address. Tests pass plain objects. */
export type AddressedRequest = Pick<IncomingMessage, 'headers'> & {
  readonly socket: Pick<Socket, 'remoteAddress' | 'localAddress'>;
};

export interface ClientAddresses {
  /** Undefined if the socket is closed, or if a trusted proxy sent no valid address. */
  of(request: AddressedRequest): PeerAddress | undefined;
}

/**
 * `trustedProxies`: addresses (`10.0.0.7`, `::1`) and networks (`10.0.0.0/8`). Throws code 'proxy-invalid'.
 */
export function clientAddresses(trustedProxies: readonly string[] = []): ClientAddresses {
  const trusted = trustedProxies.length > 0 ? trustedList(trustedProxies) : undefined;
  const isTrusted = (address: Uint8Array) =>
    trusted?.check(addressText(address), address.length === 4 ? 'ipv4' : 'ipv6') ?? false;
  /** Cached per socket: the addresses of a kept-alive connection never change. */
  const known = new WeakMap<object, PeerAddress>();

  const socketAddress = (request: AddressedRequest): PeerAddress | undefined => {
    const { socket } = request;
    const before = known.get(socket);
    if (before !== undefined) return before;
    const remote = packAddress(socket.remoteAddress ?? '');
    if (remote === undefined) return undefined;
    const local = packAddress(socket.localAddress ?? '');
    const address = { remote, ...(local !== undefined && { local }) };
    known.set(socket, address);
    return address;
  };

  return {
    of(request) {
      const address = socketAddress(request);
      if (trusted === undefined || address === undefined || !isTrusted(address.remote)) return address;
      const header = request.headers['x-forwarded-for'];
      const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
      let remote: Uint8Array | undefined;
      for (const hop of hops.reverse()) {
        remote = packAddress(withoutPort(hop.trim()));
        // The trusted proxy did not know the address. Entries further left may be forged, so they are not
        // read.
        if (remote === undefined) return undefined;
        if (!isTrusted(remote)) break;
      }
      // Only the proxy knows which local address the client connected to.
      return remote && { remote };
    },
  };
}

/**
 * Removes a port and IPv6 brackets, which some proxies write: `192.0.2.1:4711`, `[2001:db8::1]:4711`,
 * `[2001:db8::1]`.
 */
function withoutPort(hop: string): string {
  const [, inBrackets, ipv4] = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15}))(?::\d{1,5})?$/.exec(hop) ?? [];
  // Only IPv6 addresses stand in brackets.
  if (inBrackets !== undefined) return inBrackets.includes(':') ? inBrackets : '';
  return ipv4 ?? hop;
}

export const proxyListErrorCodes = ['proxy-invalid'] as const;

/** An invalid entry in the operator's list of trusted proxies. */
export class ProxyListError extends CodedError<'proxy-invalid'> {
  override readonly name = 'ProxyListError';
}

function trustedList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [text = '', prefix, ...rest] = entry.split('/');
    const address = packAddress(text);
    const bits = prefix === undefined ? undefined : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
    if (address === undefined || rest.length > 0 || (bits !== undefined && !(bits <= 8 * address.length))) {
      const message = `trusted proxy “${entry}” is neither an address (10.0.0.7) nor a network (10.0.0.0/8)`;
      throw new ProxyListError('proxy-invalid', message, {});
    }
    const family = address.length === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(addressText(address), family);
    else list.addSubnet(addressText(address), bits, family);
  }
  return list;
}
