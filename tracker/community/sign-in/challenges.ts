/**
 * Challenges for signing in by key. They are not stored: each contains its expiry and a MAC over expiry and
 * name, so that requesting a million of them uses no memory. Only used challenges are stored, until they
 * expire.
 *
 * Invariant: a challenge is valid for one name, once, for a minute, until the next start of the tracker.
 */
import { createHmac, createPublicKey, randomBytes, timingSafeEqual, verify } from 'node:crypto';
import { type SignIn, signInText } from '../../protocol/api/sign-in-text.ts';
import { nameKey } from '../messages/texts.ts';

/** A minute: enough for a slow network, too short to pass it on by hand. */
export const challengeLifeMs = 60_000;
const endBytes = 6;
const nonceBytes = 16;
const macBytes = 32;

export interface Challenges {
  make(name: string, nowMs: number): { readonly challenge: string; readonly expiresAtMs: number };
  /**
   * True once for a challenge made here that this key signed for this host and name. All input is hostile.
   */
  accept(signIn: SignIn, signature: Uint8Array, publicKey: Uint8Array | undefined, nowMs: number): boolean;
}

export function openChallenges(secret: Uint8Array = randomBytes(macBytes)): Challenges {
  /** Used challenges in the order of their use → the time from which they are expired. */
  const used = new Map<string, number>();

  const macOf = (head: Uint8Array, name: string) =>
    createHmac('sha256', secret).update(head).update(nameKey(name)).digest();

  function isOurs(challenge: string, name: string, nowMs: number): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    // Only the canonical encoding, because `used` compares text.
    if (bytes.length !== endBytes + nonceBytes + macBytes || bytes.toString('base64url') !== challenge)
      return false;
    const head = bytes.subarray(0, endBytes + nonceBytes);
    if (!timingSafeEqual(macOf(head, name), bytes.subarray(head.length))) return false;
    return nowMs < head.readUIntBE(0, endBytes) && !used.has(challenge);
  }

  return {
    make(name, nowMs) {
      const expiresAtMs = nowMs + challengeLifeMs;
      const head = Buffer.concat([Buffer.alloc(endBytes), randomBytes(nonceBytes)]);
      head.writeUIntBE(expiresAtMs, 0, endBytes);
      return { challenge: Buffer.concat([head, macOf(head, name)]).toString('base64url'), expiresAtMs };
    },
    accept(signIn, signature, publicKey, nowMs) {
      const text = signInText(signIn);
      if (text === undefined || !isOurs(signIn.challenge, signIn.name, nowMs)) return false;
      // For a name without a key, another key is checked, so that the duration reveals nothing about names.
      const isSigned = isSignatureOf(text, signature, publicKey ?? noKey);
      if (publicKey === undefined || !isSigned) return false;
      for (const [old, endMs] of used) {
        if (endMs > nowMs) break;
        used.delete(old);
      }
      used.set(signIn.challenge, nowMs + challengeLifeMs);
      return true;
    },
  };
}

/** A raw Ed25519 public key (RFC 8032). */
export const publicKeyBytes = 32;
/** The base point, a valid key: checking it takes as long as any other. */
const noKey = new Uint8Array(publicKeyBytes).fill(0x66).fill(0x58, 0, 1);
const signatureBytes = 64;

function isSignatureOf(text: string, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== signatureBytes || publicKey.length !== publicKeyBytes) return false;
  const x = Buffer.from(publicKey).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, signature);
}
