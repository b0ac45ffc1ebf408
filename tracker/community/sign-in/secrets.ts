/**
 * The random secrets the tracker hands out, and what is kept of them. A token is 32 random bytes: no dictionary leads
 * to it, so one SHA-256 of it is enough to keep. (Passkeys are not kept at all: tracker/admission/passkeys.ts.)
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { base32 } from '../../protocol/base32.ts';

const tokenBytes = 32;
const idBytes = 16;

/** 43 characters of base64url: sessions, invitations, the first owner's link. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString('base64url');
}

/** A new token, and what is stored of it. */
export function newSecret(): { readonly token: string; readonly hash: Uint8Array } {
  const token = newToken();
  return { token, hash: hashOf(token) };
}

/** What is stored of a token; undefined when it cannot be one of ours. */
export function tokenHash(token: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
  return hashOf(token);
}

function hashOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/**
 * Half of what a generation may be, so that there is room to raise it. Not 0: after a restored backup, an account may get
 * the number of another one, and must not get the use of its passkeys.
 */
const firstGenerationMax = 2 ** 31;

/** The generation of a new account's passkeys. */
export function firstGeneration(): number {
  return randomInt(firstGenerationMax);
}

/**
 * What is kept of a passkey as accounts had one before passkeys named a release: 32 characters of base32. They are 160
 * random bits, so one SHA-256 is enough.
 */
export function accountPasskeyHash(passkey: string): Uint8Array {
  return hashOf(passkey);
}

/** 26 characters of base32: lasting names of what people may point at. */
export function newPublicId(): string {
  return base32(randomBytes(idBytes));
}
