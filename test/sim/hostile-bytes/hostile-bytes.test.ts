/** Bytes of strangers, as they are drawn beside swarms: more of them than a seed has. */
import { describe, expect, it } from 'vitest';
import { Randomness } from '../kernel/randomness.ts';
import { bytes, dict, int, isClear, list, spoil, tamper, toBytes, toText } from './odd-bytes.ts';
import { playHostileBytes } from './play.ts';

describe('bytes of strangers', () => {
  it.each([1, 2, 3])('are read as they were meant, refused, or believed within bounds (%i)', (seed) => {
    expect(playHostileBytes({ steps: 60 }, new Randomness(seed).of('hostile bytes'))).toBeUndefined();
  });

  it('are the same for the same seed', () => {
    const drawn = () => Array.from({ length: 20 }, () => spoil('d1:ai1ee', new Randomness(7).of('spoil')));
    expect(drawn()).toEqual(drawn());
  });

  it('are bencode in any order of keys', () => {
    const text = dict([
      ['b', list([int(1), bytes('x')])],
      ['a', dict([])],
    ]);
    expect(text).toBe('d1:bli1e1:xe1:adee');
    expect(toText(toBytes('\xff\x00'))).toBe('\xff\x00');
  });

  it('differ from what was right when they are spoiled', () => {
    const random = new Randomness(3).of('tamper');
    const right = [['a', int(1)] as const, ['b', int(2)] as const];
    const tampered = Array.from({ length: 20 }, () => dict(tamper(right, random)));
    expect(new Set(tampered).size).toBeGreaterThan(5);
  });

  it('are refused with a code and a sentence', () => {
    expect(isClear({ code: 'reply-empty', message: 'nothing' })).toBe(true);
    expect(isClear({ code: '', message: 'nothing' })).toBe(false);
    expect(isClear({ code: 'reply-empty', message: '' })).toBe(false);
  });
});
