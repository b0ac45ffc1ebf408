/**
 * Where a tracker says that it is: in torrents, magnet links, pages and feeds that it hands out.
 *
 * Invariant: nothing that is handed out holds a host of the asker's choice. Without a public URL the Host header is
 * believed only when it names the place at which the connection has arrived: its address, this machine's own name, or
 * `localhost` on the machine itself, each with the port that we listen at. Otherwise that address itself is named. What
 * `X-Forwarded-*` and `Forwarded` say of hosts is never looked at: a tracker behind a proxy, a name or a router that
 * translates addresses needs its public URL.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { urlOf } from '../../listening.ts';
import { addressText, isLoopback, packAddress } from '../../protocol/address.ts';

/** The part of a request that decides; a real one or, in tests, one that was put together. */
export interface ArrivedRequest {
  readonly headers: Pick<IncomingMessage['headers'], 'host'>;
  readonly socket: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress'>;
}

/** A name or an address, and perhaps a port. What a browser sends; anything else is somebody trying something. */
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** `publicUrl` when there is one, otherwise where the request has arrived. No slash at the end. */
export function baseUrl(request: ArrivedRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const called = calledUrl(request);
  // A link-local address means something on one link only, and no URL can say which.
  const isOfLink = isLinkLocal(request) && called?.hostname.startsWith('[');
  return called === undefined || isOfLink ? arrivedAt(request) : called.origin;
}

/** As the asker calls us, when that is how we are called; undefined when it is their word alone. */
export function calledUrl({ headers, socket }: ArrivedRequest): URL | undefined {
  const { host = '' } = headers;
  const url = hostPattern.test(host) ? URL.parse(`${schemeOf(socket)}://${host}`) : null;
  return url !== null && isOurs(url, socket) ? url : undefined;
}

function isOurs({ hostname: called, port, protocol }: URL, socket: ArrivedRequest['socket']): boolean {
  const { localAddress, localPort, remoteAddress } = socket;
  const defaultPort = protocol === 'https:' ? 443 : 80;
  if ((port === '' ? defaultPort : Number(port)) !== localPort) return false;
  if (called === 'localhost') {
    const remote = packAddress(remoteAddress ?? '');
    return remote !== undefined && isLoopback(remote);
  }
  const own = hostname().toLowerCase();
  if (called === own || called === `${own}.local`) return true;
  const address = textOf(called.replace(/^\[|\]$/g, ''));
  return address !== undefined && address === textOf(localAddress);
}

/** The address itself; another one of ours where no URL can hold it. */
function arrivedAt(request: ArrivedRequest): string {
  const { localAddress, localPort = 0 } = request.socket;
  const address = isLinkLocal(request) ? undefined : textOf(localAddress);
  return new URL(urlOf(address ?? '', localPort, schemeOf(request.socket) === 'https')).origin;
}

function isLinkLocal({ socket }: ArrivedRequest): boolean {
  return socket.localAddress?.includes('%') ?? false;
}

function schemeOf(socket: object): 'http' | 'https' {
  return 'encrypted' in socket ? 'https' : 'http';
}

/** One way to write an address: an IPv4 one may come as ::ffff:192.0.2.1. */
function textOf(address: string | undefined): string | undefined {
  const packed = packAddress(address ?? '');
  return packed && addressText(packed);
}
