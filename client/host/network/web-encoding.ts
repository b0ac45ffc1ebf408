/**
 * Unpacks what a web server has packed (`Content-Encoding`), within the same bound as what comes plain: a reply of a few
 * kilobytes can stand for gigabytes.                                                                     RFC 9110 8.4
 */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { WebError } from './web-error.ts';

/** What is asked for. Not for streams, which a server would hold back until there is enough to pack. */
export const encodingsRead = 'gzip, deflate';

/** `encoding`: of the reply, as its server names it. Throws WebError. */
export async function unpacked(body: Uint8Array, encoding: string, bytesMax: number): Promise<Uint8Array> {
  const name = encoding.trim().toLowerCase();
  if (name === '' || name === 'identity' || body.length === 0) return body;
  const unpack = unpackerOf(name, body);
  if (unpack === undefined)
    throw new WebError('web-encoding', `it packs its answer as ${name}, which is not read here`);
  if (unpack === 'plain') return body;
  try {
    return await promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(unpack)(body, {
      maxOutputLength: bytesMax,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new WebError('web-too-large', 'its answer is too large');
    throw new WebError('web-encoding', 'its answer is packed, and damaged');
  }
}

type Unpacker = typeof gunzip | typeof inflate | typeof inflateRaw;

function unpackerOf(name: string, [first = 0, second = 0]: Uint8Array): Unpacker | 'plain' | undefined {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      // Some trackers say so, and pack nothing. No bencoding, JSON or text begins like this.
      return first === 0x1f && second === 0x8b ? gunzip : 'plain';
    case 'deflate':
      // It should be zlib's format. Servers send bare deflate too, and no zlib header can be told for it (RFC 1950).
      return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0 ? inflate : inflateRaw;
    default:
      return undefined;
  }
}
