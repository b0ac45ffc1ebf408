/**
 * The host that a client signs for when it signs in by key. A signature for one tracker must be good for no other, so
 * the name has to be ours: the Host header alone is the asker's word, and whoever runs another tracker could pass on a
 * challenge of ours to its people and then name itself here.
 *
 * Ours are: the public URL when there is one; else the address the connection has arrived at, and this machine's own name.
 */
import { hostname } from 'node:os';
import type { FastifyRequest } from 'fastify';
import { addressText, packAddress } from '../../protocol/address.ts';
import { baseUrl } from '../base-url.ts';
import { type ApiContext, ApiError } from './context.ts';

/** Throws ApiError `host-unknown`. */
export function calledHost({ addresses, publicUrl }: ApiContext, request: FastifyRequest): string {
  const base = baseUrl(request.raw, addresses, publicUrl);
  const url = base === undefined ? undefined : new URL(base);
  if (url !== undefined && (publicUrl !== undefined || isOurs(url, request))) return url.host;
  throw new ApiError(
    421,
    'host-unknown',
    'this tracker does not know that it is called so: whoever runs it names its address with --public-url',
  );
}

function isOurs({ hostname: called, port, protocol }: URL, request: FastifyRequest): boolean {
  const { localAddress, localPort, remoteAddress } = request.raw.socket;
  const defaultPort = protocol === 'https:' ? 443 : 80;
  if (localPort !== undefined && (port === '' ? defaultPort : Number(port)) !== localPort) return false;
  if (called === 'localhost') return isLoopback(remoteAddress);
  const own = hostname().toLowerCase();
  if (called === own || called === `${own}.local`) return true;
  const address = textOf(called.replace(/^\[|\]$/g, ''));
  return address !== undefined && address === textOf(localAddress);
}

/** One way to write an address: an IPv4 one may come as ::ffff:192.0.2.1. */
function textOf(address: string | undefined): string | undefined {
  const packed = packAddress(address ?? '');
  return packed && addressText(packed);
}

function isLoopback(address: string | undefined): boolean {
  const text = textOf(address);
  return text !== undefined && (text === '::1' || text.startsWith('127.'));
}
