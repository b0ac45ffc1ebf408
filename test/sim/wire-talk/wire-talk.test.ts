/** The checks of peer connections that also run beside simulated swarms, with more steps than in one seed. */
import { describe, expect, it } from 'vitest';
import { MessageWriter } from '../../../client/wire/message.ts';
import { privateObjects } from '../checkers/private-state.ts';
import { Randomness } from '../kernel/randomness.ts';
import { playWireTalk } from './play.ts';
import { drawWord, drawWrong, u32Bytes } from './words.ts';

describe('messages of peer connections', () => {
  it.each([1, 2, 3])('drawn messages are written and parsed correctly (seed %i)', (seed) => {
    expect(playWireTalk({ steps: 60 }, new Randomness(seed).of('wire talk'))).toBeUndefined();
  });

  it('u32Bytes writes 32-bit numbers in big-endian order', () => {
    expect(u32Bytes(2 ** 32 - 2)).toEqual([255, 255, 255, 254]);
    expect(u32Bytes(0x01020304)).toEqual([1, 2, 3, 4]);
  });

  it('drawn messages include every kind, valid and invalid', () => {
    const random = new Randomness(1).of('words');
    const bitfield = { min: 2, max: 2 };
    const words = Array.from({ length: 400 }, () => drawWord(random, bitfield));
    expect(new Set(words.map(({ bytes }) => bytes[4])).size).toBeGreaterThan(20);
    const wrongs = Array.from({ length: 200 }, () => drawWrong(random, bitfield).wrong![1]);
    expect(new Set(wrongs).size).toBe(4);
  });
});

describe('privateObjects', () => {
  it('privateObjects finds the buffer of a writer', () => {
    const writer = new MessageWriter();
    writer.choke();
    expect(privateObjects([writer]).get(writer)).toEqual([['#bytes', expect.any(Uint8Array)]]);
  });
});
