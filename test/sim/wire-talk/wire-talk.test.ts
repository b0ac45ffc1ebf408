/** What is said on peer connections, as it is drawn beside swarms: more of it than a seed has. */
import { describe, expect, it } from 'vitest';
import { MessageWriter } from '../../../client/wire/message.ts';
import { privateObjects } from '../checkers/private-state.ts';
import { Randomness } from '../kernel/randomness.ts';
import { playWireTalk } from './play.ts';
import { drawWord, drawWrong, u32Bytes } from './words.ts';

describe('what is said on peer connections', () => {
  it.each([1, 2, 3])('is written and understood as it was meant (%i)', (seed) => {
    expect(playWireTalk({ steps: 60 }, new Randomness(seed).of('wire talk'))).toBeUndefined();
  });

  it('has numbers of 32 bits, the first byte the highest', () => {
    expect(u32Bytes(2 ** 32 - 2)).toEqual([255, 255, 255, 254]);
    expect(u32Bytes(0x01020304)).toEqual([1, 2, 3, 4]);
  });

  it('is of every kind, right and wrong', () => {
    const random = new Randomness(1).of('words');
    const bitfield = { min: 2, max: 2 };
    const words = Array.from({ length: 400 }, () => drawWord(random, bitfield));
    expect(new Set(words.map(({ bytes }) => bytes[4])).size).toBeGreaterThan(20);
    const wrongs = Array.from({ length: 200 }, () => drawWrong(random, bitfield).wrong![1]);
    expect(new Set(wrongs).size).toBe(4);
  });
});

describe('a look behind private fields', () => {
  it('finds what a writer holds', () => {
    const writer = new MessageWriter();
    writer.choke();
    expect(privateObjects([writer]).get(writer)).toEqual([['#bytes', expect.any(Uint8Array)]]);
  });
});
