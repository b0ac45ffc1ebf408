/**
 * Database numbers in a form that may leave the tracker. The numbers count everything, hidden things too, so
 * that the difference of two numbers would reveal how much is hidden. Sealed ones reveal only whether they
 * are equal.
 *
 * A synthetic IV (as in RFC 5297): the tag authenticates the numbers and is the IV of their encryption. The
 * same numbers always give the same text, and no text can be forged. Texts of equally many numbers are
 * equally long.
 */
import { createCipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './key-file.ts';
import { base32, fromBase32 } from './protocol/base32.ts';

export interface SealedNumbers {
  /** Whole numbers from 0 to 2^53 - 1. */
  seal(numbers: readonly number[]): string;
  /** Undefined: the text was not sealed here, or contains more or fewer numbers. */
  open(text: string, count: number): number[] | undefined;
}

/** One number and its tag are 16 bytes, or 26 characters. A tag of 72 bits cannot be guessed. */
const tagBytes = 9;
const numberBytes = 7;
const ivBytes = 16;

/** `purpose`: a text that was sealed for one purpose is invalid for another. */
export function sealedNumbers(key: Uint8Array, purpose: string): SealedNumbers {
  const tagKey = deriveKey(key, `${purpose}, tag`);
  const cipherKey = deriveKey(key, `${purpose}, cipher`);
  const tagOf = (plain: Uint8Array) =>
    createHmac('sha256', tagKey).update(plain).digest().subarray(0, tagBytes);
  const crypt = (bytes: Uint8Array, tag: Uint8Array) =>
    createCipheriv('aes-256-ctr', cipherKey, Buffer.concat([tag], ivBytes)).update(bytes);
  return {
    seal(numbers) {
      const plain = Buffer.alloc(numbers.length * numberBytes);
      for (const [place, number] of numbers.entries()) {
        plain.writeUIntBE(Math.floor(number / 2 ** 32), place * numberBytes, 3);
        plain.writeUInt32BE(number % 2 ** 32, place * numberBytes + 3);
      }
      const tag = tagOf(plain);
      return base32(Buffer.concat([tag, crypt(plain, tag)]));
    },
    open(text, count) {
      const bytes = bytesOf(text, tagBytes + count * numberBytes);
      if (bytes === undefined) return undefined;
      const tag = bytes.subarray(0, tagBytes);
      const plain = crypt(bytes.subarray(tagBytes), tag);
      if (!timingSafeEqual(tag, tagOf(plain))) return undefined;
      return Array.from({ length: count }, (_, place) => {
        const at = place * numberBytes;
        return plain.readUIntBE(at, 3) * 2 ** 32 + plain.readUInt32BE(at + 3);
      });
    },
  };
}

/** Each text has only one valid spelling. */
function bytesOf(text: string, length: number): Buffer | undefined {
  if (!/^[a-z2-7]+$/.test(text) || text.length !== Math.ceil((length * 8) / 5)) return undefined;
  const bytes = fromBase32(text);
  return base32(bytes) === text ? Buffer.from(bytes) : undefined;
}
