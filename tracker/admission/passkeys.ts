/**
 * Passkeys, the part of an announce URL that names the account and the release, and feed keys, which name the
 * account of a feed reader. A key contains account, release and generation, encrypted and authenticated with
 * a secret of this tracker. No passkey is stored, and without the secret none can be made or changed.
 *
 * The encryption is a synthetic IV (SIV): the tag is an HMAC of the content, and the content is encrypted
 * with an HMAC of the tag. The same content always gives the same passkey, so that a torrent that is fetched
 * twice has the same announce URL.
 *
 * Left to others: whether the account may still announce the release (admission.ts).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { base32, fromBase32 } from '../protocol/base32.ts';

/** `release`: its number in the catalogue. A feed key has none. */
export type PasskeyContent =
  | {
      readonly kind: 'announce';
      readonly accountId: number;
      readonly release: number;
      readonly generation: number;
    }
  | { readonly kind: 'feed'; readonly accountId: number; readonly generation: number };

export interface Passkeys {
  /** 48 characters of base32. Throws RangeError for numbers too large for a passkey. */
  make(content: PasskeyContent): string;
  /** Undefined: this tracker did not make it. */
  read(passkey: string): PasskeyContent | undefined;
  /** 20 bytes, known only to this tracker: the swarm of a hash in a restricted release. */
  swarmOf(infoHash: Uint8Array, release: number): Uint8Array;
}

const passkeyPattern = /^[a-z2-7]{48}$/;

/** The first byte: what kind of key it is, and its format. A new format gets new numbers. */
const kinds = { announce: 1, feed: 2 } as const;
const contentBytes = 14;
/** 128 bits, which cannot be guessed. */
const tagBytes = 16;
/** As an info-hash (BEP 3). */
const swarmBytes = 20;
const accountMax = 2 ** 32 - 1;
const releaseMax = 2 ** 40 - 1;
const generationMax = 2 ** 32 - 1;
/** Passkeys in one half of the cache. All peers of a busy tracker fit. An entry takes some 250 bytes. */
const cachedMaxDefault = 100_000;

/** `secret`: 32 random bytes. */
export function openPasskeys(secret: Uint8Array, cachedMax = cachedMaxDefault): Passkeys {
  // One key per purpose, so that none reveals anything about the others.
  const [tagKey, coverKey, swarmKey] = ['tag', 'cover', 'swarm'].map((purpose) =>
    hmac(secret, Buffer.from(`cicada passkey ${purpose}`)),
  ) as [Buffer, Buffer, Buffer];
  // When the recent half is full, it replaces the older one. A peer that announces regularly is always in one
  // of them.
  let recent = new Map<string, PasskeyContent>();
  let older = new Map<string, PasskeyContent>();

  function remember(passkey: string, content: PasskeyContent): void {
    if (recent.size >= cachedMax) {
      older = recent;
      recent = new Map();
    }
    recent.set(passkey, content);
  }

  function covered(content: Uint8Array, tag: Uint8Array): Uint8Array {
    const cover = hmac(coverKey, tag);
    return content.map((byte, at) => byte ^ cover[at]!);
  }

  function open(passkey: string): PasskeyContent | undefined {
    if (!passkeyPattern.test(passkey)) return undefined;
    const bytes = fromBase32(passkey);
    const tag = bytes.subarray(0, tagBytes);
    const content = covered(bytes.subarray(tagBytes), tag);
    if (!timingSafeEqual(tag, hmac(tagKey, content).subarray(0, tagBytes))) return undefined;
    return decode(content);
  }

  return {
    make(content) {
      const plain = encode(content);
      const tag = hmac(tagKey, plain).subarray(0, tagBytes);
      return base32(Buffer.concat([tag, covered(plain, tag)]));
    },
    read(passkey) {
      const known = recent.get(passkey);
      if (known !== undefined) return known;
      // Only authentic passkeys are cached, so that forged ones cannot push them out.
      const content = older.get(passkey) ?? open(passkey);
      if (content !== undefined) remember(passkey, content);
      return content;
    },
    swarmOf(infoHash, release) {
      const number = Buffer.alloc(8);
      number.writeBigUInt64BE(BigInt(release));
      return new Uint8Array(hmac(swarmKey, Buffer.concat([number, infoHash])).subarray(0, swarmBytes));
    },
  };
}

function encode(content: PasskeyContent): Buffer {
  const { kind, accountId, generation } = content;
  const release = kind === 'announce' ? content.release : 0;
  check('account', accountId, accountMax);
  check('release', release, releaseMax);
  check('generation', generation, generationMax);
  const bytes = Buffer.alloc(contentBytes);
  bytes.writeUInt8(kinds[kind], 0);
  bytes.writeUInt32BE(accountId, 1);
  bytes.writeUIntBE(release, 5, 5);
  bytes.writeUInt32BE(generation, 10);
  return bytes;
}

function decode(content: Uint8Array): PasskeyContent | undefined {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  const [accountId, release, generation] = [
    bytes.readUInt32BE(1),
    bytes.readUIntBE(5, 5),
    bytes.readUInt32BE(10),
  ];
  if (bytes[0] === kinds.announce) return { kind: 'announce', accountId, release, generation };
  if (bytes[0] === kinds.feed) return { kind: 'feed', accountId, generation };
  return undefined;
}

function check(what: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`no passkey for ${what} ${value}`);
}

function hmac(key: Uint8Array, text: Uint8Array): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
