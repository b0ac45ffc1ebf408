import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireDecoder, type WireHandler } from '../../client/wire/decoder.ts';
import { anyCuts, anyMessage, bytes, feedInCuts, newDecoder, verdict } from './decoder-feeds.ts';
import { encodeMessage, frame, handshakeOf, join, Recorder } from './reference-encoder.ts';

describe('a handshake', () => {
  it('a handshake is refused at the first wrong byte', () => {
    const good = handshakeOf();
    for (let at = 0; at < 20; at++) {
      const bad = good.slice();
      bad[at] = bad[at]! ^ 0x20;
      const { decoder, recorder } = newDecoder();
      expect(decoder.feed(bad, at, recorder)).toBeUndefined();
      expect(decoder.feed(bad.subarray(at), 1, recorder)).toBe('not-bittorrent');
    }
  });

  it('a handshake shows whether the peer has the fast and the extension protocol, for any other reserved bits', () => {
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

  it('a handshake comes once: a second one is read as messages', () => {
    const { stop, recorder } = verdict(handshakeOf());
    expect(recorder.handshakes).toHaveLength(1);
    // "\x13Bit" is a length of 300 MB, "T" an unknown id.
    expect(stop).toBe('message-too-long');
  });

  it("a bitfield is refused before the torrent's bitfield length is set", () => {
    const decoder = new WireDecoder();
    const recorder = new Recorder();
    const stream = join(handshakeOf(), frame(5, [1]));
    expect(decoder.feed(stream, stream.length, recorder)).toBe('bitfield-length-wrong');
  });
});

describe('a handler that returns a reason', () => {
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
    'a reason from %s stops the decoder for good',
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
  /** A valid stream with some bytes changed, some left out, some doubled. */
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

  it('garbage ends in a violation or in waiting, and nothing follows a violation', () => {
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

  it('garbage ends the same way for any division into reads', () => {
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
