/**
 * What a request line asks for. Besides the usual `/path?query` (origin form) a client may send the whole URL
 * (absolute form), which every server must accept.                                          RFC 9112 3.2.2, 3.2.4
 *
 * Invariant: behind this, `request.url` begins with `/`, or is the `*` of an OPTIONS request. The authority of an absolute
 * form takes the place of the Host header, and is believed no more than that header (base-url.ts). Scheme and user
 * information decide nothing.
 */
import type { IncomingMessage } from 'node:http';

/** The parts of a request that are looked at and changed. */
export type TargetedRequest = Pick<IncomingMessage, 'method' | 'url'> & {
  readonly headers: { host?: string | undefined };
};

/** Scheme, authority, and the rest: an authority ends at the first `/`, `?` or `#`.  RFC 3986 3.2 */
const absoluteForm = /^https?:\/\/([^/?#]+)(.*)$/is;
const slash = 0x2f;

/** False: no URL of this tracker can be meant, and the answer is 400. */
export function toOriginForm(request: TargetedRequest): boolean {
  const { url = '' } = request;
  // Nearly every request, announces above all: one comparison.
  if (url.charCodeAt(0) === slash) return true;
  if (url === '*') return request.method === 'OPTIONS';
  const [, authority, rest] = absoluteForm.exec(url) ?? [];
  if (authority === undefined || rest === undefined) return false;
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (host === '') return false;
  request.headers.host = host;
  // An empty path is the path `/`.
  request.url = rest.startsWith('/') ? rest : `/${rest}`;
  return true;
}
