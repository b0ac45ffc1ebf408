import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { encodeHandshake } from '../../../client/wire/handshake.ts';
import type { Message } from '../../../client/wire/message.ts';
import { encodeMessage, join, type PieceMessage } from '../../wire/reference-encoder.ts';
import { blockBytes, EngineLab, labInfoHash } from '../engine-lab.ts';
import { expectNothingLeft, limits } from '../leftovers.ts';

describe('mutated byte streams', () => {
  const u32 = fc.oneof(fc.nat({ max: 9 }), fc.integer({ min: 0, max: 0xffff_ffff }));
  const begin = fc.oneof(
    fc.nat({ max: 3 }).map((n) => n * blockBytes),
    u32,
  );
  const length = fc.oneof(fc.constant(blockBytes), u32);
  const message = fc.oneof(
    fc
      .constantFrom('keep-alive', 'choke', 'unchoke', 'interested', 'not-interested', 'have-all', 'have-none')
      .map((type) => ({ type })),
    fc.record({ type: fc.constantFrom('have', 'suggest', 'allowed-fast'), index: u32 }),
    fc.record({ type: fc.constantFrom('request', 'cancel', 'reject'), index: u32, begin, length }),
    fc.record({ type: fc.constant('bitfield'), bits: fc.uint8Array({ minLength: 1, maxLength: 1 }) }),
    fc.record({
      type: fc.constant('extended'),
      id: fc.nat({ max: 3 }),
      payload: fc
        .constantFrom(
          'de',
          'd1:md11:ut_metadatai1eee',
          'd8:msg_typei0e5:piecei0ee',
          'd8:msg_typei1e5:piecei0ee..',
          'd4:reqqi1ee',
          'l-3:e',
        )
        .map((text) => new Uint8Array(Buffer.from(text))),
    }),
    fc.record({
      type: fc.constant('piece'),
      index: fc.nat({ max: 9 }),
      begin,
      payload: fc.constantFrom(blockBytes, 1, 100).map((bytes) => new Uint8Array(bytes)),
    }),
  ) as fc.Arbitrary<Message | PieceMessage>;
  const peerScript = fc.record({
    messages: fc.array(message, { maxLength: 12 }),
    mutations: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
    cut: fc.oneof(fc.integer({ min: 50, max: 200 }), fc.integer({ min: 1_000, max: 20_000 })),
    fast: fc.boolean(),
    extended: fc.boolean(),
    hangsUp: fc.boolean(),
  });

  it('mutated streams never throw, never leak, and never cost an honest peer its connection', () => {
    fc.assert(
      fc.property(fc.array(peerScript, { minLength: 1, maxLength: 4 }), fc.nat(), (scripts, seed) => {
        const random = new Prng(seed);
        const lab = new EngineLab({
          limits,
          has: (i) => i < 2,
          infoBytes: new Uint8Array(20_000),
          seed,
        });
        const honest = lab.join({ has: [2, 3, 4, 5, 6, 7], interested: true });
        const streams = scripts.map((script) => {
          const peerId = new Uint8Array(20).fill(random.below(4));
          const handshake = encodeHandshake({ infoHash: labInfoHash, peerId, ...script });
          const stream = join(handshake, ...script.messages.map(encodeMessage));
          for (const [at, value] of script.mutations) stream[at % stream.length] = value;
          return { peer: lab.connect(), stream, script, at: 0 };
        });
        // All peers at once, chunk by chunk, while time passes and the disk answers.
        for (let rest = streams; rest.length > 0; ) {
          const next = rest[random.below(rest.length)]!;
          const count = Math.min(next.script.cut, next.stream.length - next.at);
          next.peer.sayBytes(next.stream.slice(next.at, next.at + count));
          next.at += count;
          if (next.at === next.stream.length && next.script.hangsUp) next.peer.hangUp();
          rest = rest.filter((s) => s.at < s.stream.length && s.peer.closed === undefined);
          if (random.below(4) === 0) lab.pass(500);
          honest.say({ type: 'keep-alive' });
          honest.serve(2);
          lab.answerReads();
          while (lab.stores.length > 0) lab.store('stored');
        }
        expect(honest.closed).toBeUndefined();
        expectNothingLeft(lab);
      }),
      { numRuns: 400 },
    );
  });
});
