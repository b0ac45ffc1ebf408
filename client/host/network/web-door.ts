/**
 * Where one request may go, decided by its URL and by who chose it, before any DNS lookup. Whether an address
 * is allowed is decided when it is dialed (web-request.ts).
 *
 *   typed by the user                         anywhere
 *   named by a torrent, link or catalogue:
 *     an announce or a scrape                 not-forbidden: public, loopback, private networks
 *                                             (public only, if it has a password)
 *     any other request                       open-net
 *   a redirect of a public server             open-net
 *
 * Invariant: nothing that a torrent, magnet link, catalogue or redirect names becomes a request into the
 * user's private network, apart from a plain announce or scrape. Pure.
 */
import type { AddressKind } from './address-kind.ts';

export type Reach = 'anywhere' | 'not-forbidden' | 'open-net';

export function isInReach(kind: AddressKind, reach: Reach): boolean {
  return reach === 'anywhere' || kind === 'public' || (kind === 'private' && reach === 'not-forbidden');
}

export interface Hop {
  readonly target: URL;
  /** The origin that the user typed; undefined when the first URL was not typed. */
  readonly typedOrigin: string | undefined;
  /** The query that we add, as in a URL: `?info_hash=…`, or nothing. */
  readonly ownSearch: string;
  /** A public server has answered earlier in this chain of redirects. */
  readonly isAfterOpenNet: boolean;
  /** The request signs in with a name and password of its URL. */
  readonly hasCredentials?: boolean;
}

export function reachOf({
  target,
  typedOrigin,
  ownSearch,
  isAfterOpenNet,
  hasCredentials = false,
}: Hop): Reach {
  if (isAfterOpenNet) return 'open-net';
  if (typedOrigin !== undefined && isSameServer(target, typedOrigin)) return 'anywhere';
  // A torrent must not be able to try passwords on devices of a private network.
  return isAnnounce(target, ownSearch) && !hasCredentials ? 'not-forbidden' : 'open-net';
}

/** The same origin, or the same host over TLS: many servers redirect from HTTP to HTTPS. */
function isSameServer(target: URL, typedOrigin: string): boolean {
  if (target.origin === typedOrigin) return true;
  const isDefaultPort = target.protocol === 'https:' && target.port === '';
  return isDefaultPort && typedOrigin === `http://${target.hostname}`;
}

/**
 * `/announce`, after an optional passkey, or a folder and a passkey. Nothing is escaped, so that no server
 * can read it as another path. 64 characters hold every passkey in use.
 */
const announcePath = /^(\/[A-Za-z0-9._~-]{1,64}){0,2}\/(announce|scrape)$/;

/** With our query only; a redirect may have dropped it. */
function isAnnounce({ pathname, search }: URL, ownSearch: string): boolean {
  return announcePath.test(pathname) && (search === ownSearch || search === '');
}
