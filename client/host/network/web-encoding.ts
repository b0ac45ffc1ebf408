/**
 * Decompresses a reply (`Content-Encoding`) within the limit for uncompressed ones, since a few kilobytes can
 * expand to gigabytes.                                                                           RFC 9110 8.4
 */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';
import { WebError } from './web-error.ts';

/**
 * The encodings that we ask for. Not for streams: a server would hold those back until it has enough to
 * compress.
 */
export const encodingsRead = 'gzip, deflate';

/** `encoding` is that of the reply's header. Throws WebError. */
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
      // Some trackers announce gzip and send plain text. No bencoding, JSON or text begins like this.
      return first === 0x1f && second === 0x8b ? gunzip : 'plain';
    case 'deflate':
      // Should be zlib's format, but servers send raw deflate too, which cannot be mistaken for a zlib header
      // (RFC 1950).
      return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0 ? inflate : inflateRaw;
    default:
      return undefined;
  }
}
