/**
 * The random secrets that the tracker gives out, and what it stores of them. A token is 32 random bytes and
 * cannot be guessed from a dictionary, so its plain SHA-256 is stored. (Passkeys are not stored at all:
 * tracker/admission/passkeys.ts.)
 */
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { base32 } from '../../protocol/base32.ts';

const tokenBytes = 32;
const idBytes = 16;

/** 43 characters of base64url: for sessions, invitations and the first owner's link. */
export function newToken(): string {
  return randomBytes(tokenBytes).toString('base64url');
}

/** A new token, and what is stored of it. */
export function newSecret(): { readonly token: string; readonly hash: Uint8Array } {
  const token = newToken();
  return { token, hash: hashOf(token) };
}

/** What is stored of a token; undefined: it does not have the form of a token. */
export function tokenHash(token: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
  return hashOf(token);
}

function hashOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/**
 * Half of the largest generation, so that it can still be raised. Random, because after restoring a backup an
 * account may get the number of a lost one, whose passkeys must stay invalid.
 */
const firstGenerationMax = 2 ** 31;

/** The generation of a new account's passkeys. */
export function firstGeneration(): number {
  return randomInt(firstGenerationMax);
}

/**
 * What is stored of an account's passkey from before passkeys named a release: 32 characters of base32, 160
 * random bits, so that a plain SHA-256 is enough.
 */
export function accountPasskeyHash(passkey: string): Uint8Array {
  return hashOf(passkey);
}

/** 26 characters of base32: a lasting public id. */
export function newPublicId(): string {
  return base32(randomBytes(idBytes));
}
