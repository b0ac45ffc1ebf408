import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealedNumbers } from '../../tracker/sealed-numbers.ts';

const key = new Uint8Array(32).fill(7);
const sealed = sealedNumbers(key, 'test');
const number = fc.oneof(fc.nat(), fc.maxSafeNat());

describe('sealed numbers', () => {
  it('sealed numbers are opened with the same key, also after a restart, and are always the same text', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), (numbers) => {
        const text = sealed.seal(numbers);
        expect(text).toMatch(/^[a-z2-7]+$/);
        expect(sealedNumbers(key, 'test').seal(numbers)).toBe(text);
        expect(sealedNumbers(key, 'test').open(text, numbers.length)).toEqual(numbers);
      }),
    );
  });

  it('sealed numbers have the same length for every number', () => {
    fc.assert(
      fc.property(number, (one) => {
        expect(sealed.seal([one])).toHaveLength(26);
      }),
    );
  });

  it('sealed numbers are refused with another text, key, purpose or count', () => {
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

  it('sealed numbers reveal no order, and neighbours are not similar', () => {
    const texts = Array.from({ length: 200 }, (_, n) => sealed.seal([n]));
    expect(texts).not.toEqual(texts.toSorted());
    // Two random texts of 32 digits rarely agree in half of their characters.
    for (const [n, text] of texts.entries()) {
      const same = [...text].filter((character, place) => character === texts[n - 1]?.[place]).length;
      expect(same).toBeLessThan(13);
    }
  });
});
