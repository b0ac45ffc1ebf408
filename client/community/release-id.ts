/**
 * The lasting name of a release, over all its versions. Its publisher chooses it, since its signature holds for it; so
 * that nobody can guess one, and no two are alike, it is nothing but chance.
 */
import { randomBytes } from 'node:crypto';

/** As many as a UUID has, and more of them at random. */
const idBytes = 16;
/** RFC 4648, in lower case and without padding: nothing to confuse, and fit for addresses and file names. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** 26 characters of base32. */
export function newReleaseId(bytes: Uint8Array = randomBytes(idBytes)): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31];
    }
    value &= 0xff;
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}
