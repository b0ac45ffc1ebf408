/**
 * Bodies without a length (`Transfer-Encoding: chunked`): refused before anything of them is read, on every address. Room
 * is given to a body by its length, and a body in chunks of one byte costs the parser ten thousand calls for each 64 KiB.
 * Clients of BitTorrent send no bodies, and programs that send JSON know how long it is.                RFC 9112, 6.3
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** True: it was answered, and its connection ends. */
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

/** Without the object of all headers, which an announce does not need either. `name`: in lower case. */
function hasHeader(rawHeaders: readonly string[], name: string): boolean {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const header = rawHeaders[at] ?? '';
    if (header.length === name.length && header.toLowerCase() === name) return true;
  }
  return false;
}
