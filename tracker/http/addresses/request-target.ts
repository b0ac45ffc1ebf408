/**
 * The target in a request line. Besides the usual `/path?query` (origin form), a client may send a whole URL
 * (absolute form), which every server must accept. RFC 9112 3.2.2, 3.2.4
 *
 * Invariant: after `toOriginForm`, `request.url` begins with `/`, or is the `*` of an OPTIONS request. The
 * authority of an absolute form replaces the Host header, and is trusted as little (base-url.ts). Scheme and
 * user information are ignored.
 */
import type { IncomingMessage } from 'node:http';

/** The parts of a request that are read and changed. */
export type TargetedRequest = Pick<IncomingMessage, 'method' | 'url'> & {
  readonly headers: { host?: string | undefined };
};

/** Scheme, authority and the rest. An authority ends at the first `/`, `?` or `#`. RFC 3986 3.2 */
const absoluteForm = /^https?:\/\/([^/?#]+)(.*)$/is;
const slash = 0x2f;

/** False if the target is no URL of this tracker; the caller then answers 400. */
export function toOriginForm(request: TargetedRequest): boolean {
  const { url = '' } = request;
  // The fast path for nearly all requests, announces above all: one comparison.
  if (url.charCodeAt(0) === slash) return true;
  if (url === '*') return request.method === 'OPTIONS';
  const [, authority, rest] = absoluteForm.exec(url) ?? [];
  if (authority === undefined || rest === undefined) return false;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (host === '') return false;
  request.headers.host = host;
  // An empty path means `/`.
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  return true;
}
