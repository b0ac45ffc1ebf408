import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealedNumbers } from '../../tracker/sealed-numbers.ts';

const key = new Uint8Array(32).fill(7);
const sealed = sealedNumbers(key, 'test');
const number = fc.oneof(fc.nat(), fc.maxSafeNat());

describe('sealed numbers', () => {
  it('come back as they were, with the same key after a restart too, and are the same text each time', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), (numbers) => {
        const text = sealed.seal(numbers);
        expect(text).toMatch(/^[a-z2-7]+$/);
        expect(sealedNumbers(key, 'test').seal(numbers)).toBe(text);
        expect(sealedNumbers(key, 'test').open(text, numbers.length)).toEqual(numbers);
      }),
    );
  });

  it('are of one length, whatever they are', () => {
    fc.assert(
      fc.property(number, (one) => {
        expect(sealed.seal([one])).toHaveLength(26);
      }),
    );
  });

  it('are opened for nothing that is another text, key, purpose or count', () => {
    const text = sealed.seal([12, 34]);
    expect(sealedNumbers(key, 'other').open(text, 2)).toBeUndefined();
    expect(sealedNumbers(new Uint8Array(32), 'test').open(text, 2)).toBeUndefined();
    expect(sealed.open(text, 1)).toBeUndefined();
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
    for (let place = 0; place < text.length; place++) {
      for (const other of [...alphabet, 'A', '=', ' '].filter((one) => one !== text[place])) {
        const forged = `${text.slice(0, place)}${other}${text.slice(place + 1)}`;
        expect(sealed.open(forged, 2), forged).toBeUndefined();
      }
    }
    fc.assert(
      fc.property(fc.string(), (any) => {
        expect(sealed.open(any, 1)).toBeUndefined();
      }),
    );
  });

  it('tell nothing of their order: neighbours look like any others', () => {
    const texts = Array.from({ length: 200 }, (_, n) => sealed.seal([n]));
    expect(texts).not.toEqual(texts.toSorted());
    // Half of the characters of two random texts of 32 digits hardly ever agree.
    for (const [n, text] of texts.entries()) {
      const same = [...text].filter((character, place) => character === texts[n - 1]?.[place]).length;
      expect(same).toBeLessThan(13);
    }
  });
});
