/**
 * The tracker's own base URL, for the torrents, magnet links, pages and feeds that it hands out.
 *
 * Invariant: no URL that is handed out contains a host that the client chose. Without a public URL, the Host
 * header is accepted only if it names the address at which the connection arrived, this machine's host name,
 * or `localhost` on a loopback connection, each with the port that the server listens on. Otherwise the local
 * address of the connection is used. `X-Forwarded-*` and `Forwarded` never decide the host: a tracker behind
 * a proxy, a domain name or a NAT needs a public URL.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { hostname } from 'node:os';
import { urlOf } from '../../listening.ts';
import { addressText, isLoopback, packAddress } from '../../protocol/address.ts';

/** The parts of a request that decide the URL. Tests pass plain objects. */
export interface ArrivedRequest {
  readonly headers: Pick<IncomingMessage['headers'], 'host'>;
  readonly socket: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress'>;
}

/** A host name or an address with an optional port, as browsers send it. Anything else is ignored. */
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** `publicUrl` if it is set, else the URL at which the request arrived. No trailing slash. */
export function baseUrl(request: ArrivedRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const called = calledUrl(request);
  // A link-local IPv6 address needs a zone, and a URL cannot hold one.
  const isOfLink = isLinkLocal(request) && called?.hostname.startsWith('[');
  return called === undefined || isOfLink ? arrivedAt(request) : called.origin;
}

/** The URL in the Host header, if it names this tracker; else undefined. */
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

/** The local address of the connection. For a link-local address, another address of this machine. */
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

/** The canonical text of an address: `::ffff:192.0.2.1` becomes `192.0.2.1`. */
function textOf(address: string | undefined): string | undefined {
  const packed = packAddress(address ?? '');
  return packed && addressText(packed);
}
