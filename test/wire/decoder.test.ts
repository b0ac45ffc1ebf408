import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireDecoder, type WireViolation } from '../../client/wire/decoder.ts';
import { anyCuts, anyMessage, bitfieldBytes, feedInCuts, KiB, newDecoder, verdict } from './decoder-feeds.ts';
import {
  encodeMessage,
  frame,
  handshakeOf,
  join,
  type PieceMessage,
  Recorder,
  uint32,
} from './reference-encoder.ts';

describe('a stream of messages', () => {
  it('a stream decodes to the same messages for any division into reads', () => {
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 12 }), anyCuts, (messages, cuts) => {
        const { decoder, recorder } = newDecoder();
        const stream = join(handshakeOf(), ...messages.map(encodeMessage));
        expect(feedInCuts(decoder, recorder, stream, cuts)).toBeUndefined();
        expect(recorder.messages).toEqual(messages);
        expect(recorder.handshakes).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  it('a stream decodes byte by byte as it does at once', () => {
    const all = fc.sample(anyMessage, { numRuns: 60, seed: 1 });
    const stream = join(handshakeOf(), ...all.map(encodeMessage));
    const { decoder, recorder } = newDecoder();
    expect(feedInCuts(decoder, recorder, stream, [1])).toBeUndefined();
    expect(recorder.messages).toEqual(all);
  });

  it('a message is not reported before it is complete', () => {
    const stream = join(handshakeOf(), encodeMessage({ type: 'request', index: 1, begin: 2, length: 3 }));
    for (let count = 0; count < stream.length; count++) {
      const { decoder, recorder } = newDecoder();
      expect(decoder.feed(stream, count, recorder)).toBeUndefined();
      expect(recorder.messages).toEqual([]);
      expect(recorder.handshakes).toHaveLength(count < 68 ? 0 : 1);
    }
  });

  it('a decoder reads no further than the given count', () => {
    const { decoder, recorder } = newDecoder();
    const stream = join(handshakeOf(), encodeMessage({ type: 'choke' }), new Uint8Array(100).fill(255));
    expect(decoder.feed(stream, 68 + 5, recorder)).toBeUndefined();
    expect(recorder.messages).toEqual([{ type: 'choke' }]);
  });

  it('a decoder keeps nothing of a borrowed buffer', () => {
    const { decoder, recorder } = newDecoder();
    const stream = join(
      handshakeOf({ fill: 9 }),
      encodeMessage({ type: 'bitfield', bits: new Uint8Array(bitfieldBytes).fill(0xaa) }),
      encodeMessage({ type: 'extended', id: 1, payload: Uint8Array.of(5, 6) }),
    );
    decoder.feed(stream, stream.length, recorder);
    stream.fill(0);
    expect(recorder.handshakes[0]!.infoHash).toEqual(new Uint8Array(20).fill(9));
    expect(recorder.messages).toEqual([
      { type: 'bitfield', bits: new Uint8Array(bitfieldBytes).fill(0xaa) },
      { type: 'extended', id: 1, payload: Uint8Array.of(5, 6) },
    ]);
  });

  it('a message owns its bytes: the next message does not change them', () => {
    const bits = (fill: number) =>
      encodeMessage({ type: 'bitfield', bits: new Uint8Array(bitfieldBytes).fill(fill) });
    const { recorder } = verdict(bits(1), bits(2));
    expect(recorder.messages.map((m) => m.type === 'bitfield' && m.bits[0])).toEqual([1, 2]);
  });
});

describe('a block', () => {
  it('a block is handed on in runs that add up to it, and no run is longer than what has arrived', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 * KiB }), anyCuts, (length, cuts) => {
        const payload = Uint8Array.from({ length }, (_, i) => i & 255);
        const { decoder, recorder } = newDecoder();
        const piece: PieceMessage = { type: 'piece', index: 3, begin: 4, payload };
        const stream = join(handshakeOf(), encodeMessage(piece), encodeMessage({ type: 'unchoke' }));
        expect(feedInCuts(decoder, recorder, stream, cuts)).toBeUndefined();
        expect(recorder.messages).toEqual([piece, { type: 'unchoke' }]);
      }),
      { numRuns: 100 },
    );
  });

  it('a block has 16 KiB at most', () => {
    expect(verdict(frame(7, uint32(0, 0), new Uint8Array(16 * KiB))).stop).toBeUndefined();
    expect(verdict(frame(7, uint32(0, 0), new Uint8Array(16 * KiB + 1))).stop).toBe('block-too-long');
  });

  it('a block has one byte at least', () => {
    expect(verdict(frame(7, uint32(0, 0))).stop).toBe('message-length-wrong');
    expect(verdict(frame(7, [1, 2])).stop).toBe('message-length-wrong');
    expect(verdict(frame(7)).stop).toBe('message-length-wrong');
  });
});

describe('a length', () => {
  it.each([
    ['choke', 0, 0],
    ['unchoke', 1, 0],
    ['interested', 2, 0],
    ['not interested', 3, 0],
    ['have', 4, 4],
    ['request', 6, 12],
    ['cancel', 8, 12],
    ['port', 9, 2],
    ['suggest', 13, 4],
    ['have all', 14, 0],
    ['have none', 15, 0],
    ['reject', 16, 12],
    ['allowed fast', 17, 4],
  ])('the length of %s is exactly that of its BEP', (_, id, bodyBytes) => {
    expect(verdict(frame(id, new Uint8Array(bodyBytes))).stop).toBeUndefined();
    expect(verdict(frame(id, new Uint8Array(bodyBytes + 1))).stop).toBe('message-length-wrong');
    if (bodyBytes > 0) {
      expect(verdict(frame(id, new Uint8Array(bodyBytes - 1))).stop).toBe('message-length-wrong');
    }
  });

  it('the length of a bitfield must be that of the torrent', () => {
    for (const length of [0, 1, bitfieldBytes - 1, bitfieldBytes + 1, 1_000_000]) {
      expect(verdict(frame(5, new Uint8Array(length))).stop).toBe('bitfield-length-wrong');
    }
  });

  it('the length of a bitfield may lie in a range while the torrent is unknown', () => {
    const decoder = new WireDecoder();
    const recorder = new Recorder();
    recorder.onHandshakeDo = () => decoder.expectBitfieldBytes(2, 4);
    const stream = join(handshakeOf(), ...[2, 3, 4].map((n) => frame(5, new Uint8Array(n))));
    expect(decoder.feed(stream, stream.length, recorder)).toBeUndefined();
    expect(recorder.messages).toHaveLength(3);
    const longer = frame(5, new Uint8Array(5));
    expect(decoder.feed(longer, longer.length, recorder)).toBe('bitfield-length-wrong');
  });

  it('the length of an extended message includes its own id', () => {
    expect(verdict(frame(20)).stop).toBe('message-length-wrong');
    expect(verdict(frame(20, [0])).stop).toBeUndefined();
  });

  it('a wrong length is refused with the five bytes that announce it, before the body arrives', () => {
    const announced: [number, number, WireViolation][] = [
      [20, 0x7fff_ffff, 'message-too-long'],
      [20, 0xffff_ffff, 'message-too-long'],
      [99, 64 * KiB + 2, 'message-too-long'],
      [99, 0xffff_ffff, 'message-too-long'],
      [5, 0xffff_ffff, 'bitfield-length-wrong'],
      [7, 0xffff_ffff, 'block-too-long'],
      [6, 0xffff_ffff, 'message-length-wrong'],
    ];
    for (const [id, length, expected] of announced) {
      expect(verdict(join(uint32(length), Uint8Array.of(id))).stop).toBe(expected);
    }
  });

  it('a length of 0 is a keep-alive', () => {
    expect(verdict(uint32(0), uint32(0)).recorder.messages).toEqual([
      { type: 'keep-alive' },
      { type: 'keep-alive' },
    ]);
  });
});

describe('a message of unknown type', () => {
  it.each([0, 1, 500, 64 * KiB])(
    'a message of unknown type is skipped with its %i bytes, and the next one is read',
    (length) => {
      for (const id of [10, 11, 12, 18, 19, 21, 255]) {
        const { stop, recorder } = verdict(frame(id, new Uint8Array(length).fill(255)), frame(0));
        expect(stop).toBeUndefined();
        expect(recorder.messages).toEqual([{ type: 'choke' }]);
      }
    },
  );
});
