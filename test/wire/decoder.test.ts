import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireDecoder, type WireHandler, type WireViolation } from '../../client/wire/decoder.ts';
import type { Message } from '../../client/wire/message.ts';
import {
  encodeMessage,
  frame,
  handshakeOf,
  join,
  type PieceMessage,
  Recorder,
  uint32,
} from './reference-encoder.ts';

const KiB = 1024;
const bitfieldBytes = 7;

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });

/** Every message there is, with every number a peer can write. */
const anyMessage: fc.Arbitrary<Message | PieceMessage> = fc.oneof(
  fc
    .constantFrom('keep-alive', 'choke', 'unchoke', 'interested', 'not-interested', 'have-all', 'have-none')
    .map((type): Message => ({ type })),
  fc.record({ type: fc.constantFrom('have', 'suggest', 'allowed-fast'), index: u32 }),
  fc.record({ type: fc.constantFrom('request', 'cancel', 'reject'), index: u32, begin: u32, length: u32 }),
  fc.record({ type: fc.constant('bitfield'), bits: bytes(bitfieldBytes, bitfieldBytes) }),
  fc.record({ type: fc.constant('port'), port: fc.integer({ min: 0, max: 65_535 }) }),
  fc.record({ type: fc.constant('extended'), id: fc.integer({ min: 0, max: 255 }), payload: bytes(0, 300) }),
  fc.record({ type: fc.constant('piece'), index: u32, begin: u32, payload: bytes(1, 300) }),
) as fc.Arbitrary<Message | PieceMessage>;

/** A decoder that expects the bitfield of a torrent of 56 pieces once it has seen a handshake. */
function newDecoder(): { decoder: WireDecoder; recorder: Recorder } {
  const decoder = new WireDecoder();
  const recorder = new Recorder();
  recorder.onHandshakeDo = () => decoder.expectBitfieldBytes(bitfieldBytes);
  return { decoder, recorder };
}

/** Feeds `stream` in pieces of the given sizes, over and over, through one reused buffer as a socket does. */
function feedInCuts(
  decoder: WireDecoder,
  recorder: WireHandler<never>,
  stream: Uint8Array,
  cuts: readonly number[],
): WireViolation | undefined {
  const buffer = new Uint8Array(Math.max(1, ...cuts));
  for (let at = 0, i = 0; at < stream.length; i++) {
    const count = Math.min(cuts[i % cuts.length]!, stream.length - at);
    buffer.fill(0xee);
    buffer.set(stream.subarray(at, at + count));
    const stop = decoder.feed(buffer, count, recorder);
    if (stop !== undefined) return stop;
    at += count;
  }
  return undefined;
}

const anyCuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 });

/** What a fresh decoder says of these bytes after a handshake. */
function verdict(...messages: readonly Uint8Array[]): {
  stop: WireViolation | undefined;
  recorder: Recorder;
} {
  const { decoder, recorder } = newDecoder();
  const stream = join(handshakeOf(), ...messages);
  return { stop: decoder.feed(stream, stream.length, recorder), recorder };
}

describe('a stream of messages', () => {
  it('decodes to the same messages however it is cut', () => {
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

  it('decodes byte by byte as it does at once', () => {
    const all = fc.sample(anyMessage, { numRuns: 60, seed: 1 });
    const stream = join(handshakeOf(), ...all.map(encodeMessage));
    const { decoder, recorder } = newDecoder();
    expect(feedInCuts(decoder, recorder, stream, [1])).toBeUndefined();
    expect(recorder.messages).toEqual(all);
  });

  it('tells of nothing before the message is whole', () => {
    const stream = join(handshakeOf(), encodeMessage({ type: 'request', index: 1, begin: 2, length: 3 }));
    for (let count = 0; count < stream.length; count++) {
      const { decoder, recorder } = newDecoder();
      expect(decoder.feed(stream, count, recorder)).toBeUndefined();
      expect(recorder.messages).toEqual([]);
      expect(recorder.handshakes).toHaveLength(count < 68 ? 0 : 1);
    }
  });

  it('reads no further than the count it is given', () => {
    const { decoder, recorder } = newDecoder();
    const stream = join(handshakeOf(), encodeMessage({ type: 'choke' }), new Uint8Array(100).fill(255));
    expect(decoder.feed(stream, 68 + 5, recorder)).toBeUndefined();
    expect(recorder.messages).toEqual([{ type: 'choke' }]);
  });

  it('keeps nothing of a borrowed buffer', () => {
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

  it('gives a message bytes of its own: the next one does not change them', () => {
    const bits = (fill: number) =>
      encodeMessage({ type: 'bitfield', bits: new Uint8Array(bitfieldBytes).fill(fill) });
    const { recorder } = verdict(bits(1), bits(2));
    expect(recorder.messages.map((m) => m.type === 'bitfield' && m.bits[0])).toEqual([1, 2]);
  });
});

describe('a block', () => {
  it('is handed on in runs that add up to it, and no run is longer than what has arrived', () => {
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

  it('has 16 KiB at most', () => {
    expect(verdict(frame(7, uint32(0, 0), new Uint8Array(16 * KiB))).stop).toBeUndefined();
    expect(verdict(frame(7, uint32(0, 0), new Uint8Array(16 * KiB + 1))).stop).toBe('block-too-long');
  });

  it('has a byte at least', () => {
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
  ])('of %s is exactly what the BEP says', (_, id, bodyBytes) => {
    expect(verdict(frame(id, new Uint8Array(bodyBytes))).stop).toBeUndefined();
    expect(verdict(frame(id, new Uint8Array(bodyBytes + 1))).stop).toBe('message-length-wrong');
    if (bodyBytes > 0) {
      expect(verdict(frame(id, new Uint8Array(bodyBytes - 1))).stop).toBe('message-length-wrong');
    }
  });

  it('of a bitfield is that of the torrent', () => {
    for (const length of [0, 1, bitfieldBytes - 1, bitfieldBytes + 1, 1_000_000]) {
      expect(verdict(frame(5, new Uint8Array(length))).stop).toBe('bitfield-length-wrong');
    }
  });

  it('of a bitfield may lie in a range while the torrent is not known', () => {
    const decoder = new WireDecoder();
    const recorder = new Recorder();
    recorder.onHandshakeDo = () => decoder.expectBitfieldBytes(2, 4);
    const stream = join(handshakeOf(), ...[2, 3, 4].map((n) => frame(5, new Uint8Array(n))));
    expect(decoder.feed(stream, stream.length, recorder)).toBeUndefined();
    expect(recorder.messages).toHaveLength(3);
    const longer = frame(5, new Uint8Array(5));
    expect(decoder.feed(longer, longer.length, recorder)).toBe('bitfield-length-wrong');
  });

  it('of an extended message includes its own id', () => {
    expect(verdict(frame(20)).stop).toBe('message-length-wrong');
    expect(verdict(frame(20, [0])).stop).toBeUndefined();
  });

  it('of anything is refused with the five bytes that announce it, before the body arrives', () => {
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

  it('of 0 is a keep-alive', () => {
    expect(verdict(uint32(0), uint32(0)).recorder.messages).toEqual([
      { type: 'keep-alive' },
      { type: 'keep-alive' },
    ]);
  });
});

describe('a message nobody has defined', () => {
  it.each([0, 1, 500, 64 * KiB])('is skipped with its %i bytes, and the next one is read', (length) => {
    for (const id of [10, 11, 12, 18, 19, 21, 255]) {
      const { stop, recorder } = verdict(frame(id, new Uint8Array(length).fill(255)), frame(0));
      expect(stop).toBeUndefined();
      expect(recorder.messages).toEqual([{ type: 'choke' }]);
    }
  });
});

describe('a handshake', () => {
  it('is refused at the first byte that is wrong', () => {
    const good = handshakeOf();
    for (let at = 0; at < 20; at++) {
      const bad = good.slice();
      bad[at] = bad[at]! ^ 0x20;
      const { decoder, recorder } = newDecoder();
      expect(decoder.feed(bad, at, recorder)).toBeUndefined();
      expect(decoder.feed(bad.subarray(at), 1, recorder)).toBe('not-bittorrent');
    }
  });

  it('says whether the peer speaks the fast and the extension protocol, whatever the other reserved bits are', () => {
    for (const fast of [false, true]) {
      for (const extended of [false, true]) {
        const stream = handshakeOf({ fast, extended });
        for (const at of [20, 21, 22, 23, 24, 26]) stream[at] = 0xff;
        stream[25] = stream[25]! | 0xef;
        stream[27] = stream[27]! | 0xfb;
        const { decoder, recorder } = newDecoder();
        decoder.feed(stream, stream.length, recorder);
        expect(recorder.handshakes).toMatchObject([{ fast, extended }]);
      }
    }
  });

  it('comes once: a second one is read as messages', () => {
    const { stop, recorder } = verdict(handshakeOf());
    expect(recorder.handshakes).toHaveLength(1);
    // "\x13Bit" is a length of 300 MB, "T" an id nobody has defined.
    expect(stop).toBe('message-too-long');
  });

  it('must come before a bitfield can be right', () => {
    const decoder = new WireDecoder();
    const recorder = new Recorder();
    const stream = join(handshakeOf(), frame(5, [1]));
    expect(decoder.feed(stream, stream.length, recorder)).toBe('bitfield-length-wrong');
  });
});

describe('a handler that answers with a reason', () => {
  type Hook = 'onHandshake' | 'onMessage' | 'onBlockStart' | 'onBlockBytes' | 'onBlockEnd';
  const silent: WireHandler<string> = {
    onHandshake: () => undefined,
    onMessage: () => undefined,
    onBlockStart: () => undefined,
    onBlockBytes: () => undefined,
    onBlockEnd: () => undefined,
  };
  const stream = join(
    handshakeOf(),
    encodeMessage({ type: 'piece', index: 0, begin: 0, payload: new Uint8Array(8) }),
    encodeMessage({ type: 'choke' }),
    encodeMessage({ type: 'choke' }),
  );

  it.each<Hook>(['onHandshake', 'onMessage', 'onBlockStart', 'onBlockBytes', 'onBlockEnd'])(
    'from %s stops the decoder for good',
    (hook) => {
      const decoder = new WireDecoder();
      let calls = 0;
      const handler = {
        ...silent,
        [hook]: () => {
          calls += 1;
          return 'enough';
        },
      };
      expect(decoder.feed(stream, stream.length, handler)).toBe('enough');
      expect(decoder.feed(stream, stream.length, handler)).toBeUndefined();
      expect(calls).toBe(1);
    },
  );
});

describe('garbage', () => {
  /** A valid stream of which some bytes are changed, some left out, some doubled. */
  const mutated = fc
    .tuple(
      fc.array(anyMessage, { maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.nat(),
      fc.nat(),
    )
    .map(([messages, changes, from, to]) => {
      const stream = join(handshakeOf(), ...messages.map(encodeMessage));
      for (const [at, value] of changes) stream[68 + (at % Math.max(1, stream.length - 68))] = value;
      const [a, b] = [from % stream.length, to % stream.length].sort((x, y) => x - y) as [number, number];
      return from % 3 === 0
        ? join(stream.subarray(0, a), stream.subarray(b))
        : join(stream, stream.subarray(a));
    });

  const violations = new Set<string | undefined>([
    undefined,
    'not-bittorrent',
    'message-too-long',
    'message-length-wrong',
    'bitfield-length-wrong',
    'block-too-long',
  ]);

  it('of any kind ends in a violation or in waiting, and nothing follows a violation', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, bytes(0, 400)), anyCuts, (stream, cuts) => {
        const { decoder, recorder } = newDecoder();
        const stop = feedInCuts(decoder, recorder, stream, cuts);
        expect(violations.has(stop)).toBe(true);
        if (stop === undefined) return;
        const told = recorder.messages.length;
        expect(decoder.feed(stream, stream.length, recorder)).toBeUndefined();
        expect(recorder.messages).toHaveLength(told);
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends the same way however it is cut', () => {
    fc.assert(
      fc.property(mutated, anyCuts, (stream, cuts) => {
        const whole = newDecoder();
        const cut = newDecoder();
        expect(feedInCuts(cut.decoder, cut.recorder, stream, cuts)).toBe(
          whole.decoder.feed(stream, stream.length, whole.recorder),
        );
        expect(cut.recorder.messages).toEqual(whole.recorder.messages);
      }),
      { numRuns: 500 },
    );
  });
});
