/** Hostile bytes as drawn beside swarms, with more steps than a seed has. */
import { describe, expect, it } from 'vitest';
import { Randomness } from '../kernel/randomness.ts';
import { bytes, dict, int, isClear, list, spoil, tamper, toBytes, toText } from './odd-bytes.ts';
import { playHostileBytes } from './play.ts';

describe('bytes of strangers', () => {
  it.each([1, 2, 3])(
    'hostile bytes are read as written, refused, or believed within bounds (seed %i)',
    (seed) => {
      expect(playHostileBytes({ steps: 60 }, new Randomness(seed).of('hostile bytes'))).toBeUndefined();
    },
  );

  it('hostile bytes are the same for the same seed', () => {
    const drawn = () => Array.from({ length: 20 }, () => spoil('d1:ai1ee', new Randomness(7).of('spoil')));
    expect(drawn()).toEqual(drawn());
  });

  it('dict writes keys in the given order, sorted or not', () => {
    const text = dict([
      ['b', list([int(1), bytes('x')])],
      ['a', dict([])],
    ]);
    expect(text).toBe('d1:bli1e1:xe1:adee');
    expect(toText(toBytes('\xff\x00'))).toBe('\xff\x00');
  });

  it('tamper changes the entries of a dictionary', () => {
    const random = new Randomness(3).of('tamper');
    const right = [['a', int(1)] as const, ['b', int(2)] as const];
    const tampered = Array.from({ length: 20 }, () => dict(tamper(right, random)));
    expect(new Set(tampered).size).toBeGreaterThan(5);
  });

  it('an error is clear if it has a code and a message', () => {
    expect(isClear({ code: 'reply-empty', message: 'nothing' })).toBe(true);
    expect(isClear({ code: '', message: 'nothing' })).toBe(false);
    expect(isClear({ code: 'reply-empty', message: '' })).toBe(false);
  });
});
