/**
 * The random secrets the tracker hands out, and what is kept of them. A token is 32 random bytes: no dictionary leads
 * to it, so one SHA-256 of it is enough to keep.
 */
import { createHash, randomBytes } from 'node:crypto';

const tokenBytes = 32;
/** As private trackers have it, and short enough for an announce URL. */
const passkeyBytes = 20;
const idBytes = 16;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** 43 characters of base64url: sessions, invitations, the first owner's link. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString('base64url');
}

/** What is stored of a token; undefined when it cannot be one of ours. */
export function tokenHash(token: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
  return new Uint8Array(createHash('sha256').update(token).digest());
}

/**
 * 32 characters of base32. Kept as it is: it goes into every .torrent file this account fetches, also into those it
 * fetches next year, and opens nothing but announces.
 */
export function newPasskey(): string {
  return base32(randomBytes(passkeyBytes));
}

/** 26 characters of base32: lasting names of what people may point at. */
export function newPublicId(): string {
  return base32(randomBytes(idBytes));
}

/** RFC 4648, lower case, without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(value >> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}
