/**
 * Where one request may go, decided by its URL and by who chose it, before anything is looked up; whether an address is
 * such a place is decided when it is dialed (web-request.ts).
 *
 *   the user typed it              anywhere
 *   chosen by a stranger:
 *     an announce or a scrape      not-forbidden: the open net, loopback, private networks (there without a password)
 *     anything else                open-net
 *   after a server of the open net has answered: open-net, whoever chose what
 *
 * Invariant: nothing that a torrent, magnet link, catalogue or redirect names becomes a request inside of the user's own
 * network, apart from a plain announce or scrape. Pure.
 */
import type { AddressKind } from './address-kind.ts';

export type Reach = 'anywhere' | 'not-forbidden' | 'open-net';

export function isInReach(kind: AddressKind, reach: Reach): boolean {
  return reach === 'anywhere' || kind === 'public' || (kind === 'private' && reach === 'not-forbidden');
}

export interface Hop {
  readonly target: URL;
  /** The origin that the user typed; undefined when a stranger chose the first address. */
  readonly typedOrigin: string | undefined;
  /** The query that we add ourselves, as a URL has it: `?info_hash=…`, or nothing. */
  readonly ownSearch: string;
  /** A server of the open net has answered on the way here. */
  readonly isAfterOpenNet: boolean;
  /** It signs in with a name and password of its URL. */
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
  // A stranger's torrent must not try passwords on the devices of a private network.
  return isAnnounce(target, ownSearch) && !hasCredentials ? 'not-forbidden' : 'open-net';
}

/** The origin itself, or the same host over TLS: many servers lead from the one to the other. */
function isSameServer(target: URL, typedOrigin: string): boolean {
  if (target.origin === typedOrigin) return true;
  const isDefaultPort = target.protocol === 'https:' && target.port === '';
  return isDefaultPort && typedOrigin === `http://${target.hostname}`;
}

/**
 * `/announce`, with a passkey before it, or a folder and a passkey; nothing escaped, so that no server reads it as another
 * path. 64 characters hold every passkey that is in use.
 */
const announcePath = /^(\/[A-Za-z0-9._~-]{1,64}){0,2}\/(announce|scrape)$/;

/** With no query but ours: a redirect may have left that out. */
function isAnnounce({ pathname, search }: URL, ownSearch: string): boolean {
  return announcePath.test(pathname) && (search === ownSearch || search === '');
}
