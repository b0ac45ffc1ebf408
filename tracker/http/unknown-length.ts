/**
 * Refuses bodies without a length (`Transfer-Encoding: chunked`) on every path, before any of the body is
 * read. Memory is granted by the length, and a body in chunks of one byte costs the parser ten thousand calls
 * for each 64 KiB. BitTorrent clients send no bodies, and programs that send JSON know its length.
 *                                                                                              RFC 9112 6.3
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** True if the request was refused; its connection is then closed. */
export function refuseUnknownLength({ rawHeaders }: IncomingMessage, response: ServerResponse): boolean {
  if (!hasHeader(rawHeaders, 'transfer-encoding')) return false;
  const error = {
    code: 'length-required',
    message: 'send the body whole, with its Content-Length: it is not read in chunks',
  };
  const body = JSON.stringify({ error });
  response.writeHead(411, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  response.end(body);
  return true;
}

/**
 * Reads `rawHeaders`, because building the `headers` object costs time that an announce need not pay. `name`:
 * in lower case.
 */
function hasHeader(rawHeaders: readonly string[], name: string): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] ?? '';
    if (header.length === name.length && header.toLowerCase() === name) return true;
  }
  return false;
}
