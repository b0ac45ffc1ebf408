/** Streams for a decoder: every message type, divided anywhere, fed as a socket does. */
import fc from 'fast-check';
import { WireDecoder, type WireHandler, type WireViolation } from '../../client/wire/decoder.ts';
import type { Message } from '../../client/wire/message.ts';
import { handshakeOf, join, type PieceMessage, Recorder } from './reference-encoder.ts';

export const KiB = 1024;
export const bitfieldBytes = 7;

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
export const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });

/** Every message type, with any number that a peer can write. */
export const anyMessage: fc.Arbitrary<Message | PieceMessage> = fc.oneof(
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
export function newDecoder(): { decoder: WireDecoder; recorder: Recorder } {
  const decoder = new WireDecoder();
  const recorder = new Recorder();
  recorder.onHandshakeDo = () => decoder.expectBitfieldBytes(bitfieldBytes);
  return { decoder, recorder };
}

/** Feeds `stream` in pieces of the given sizes, repeatedly, through one reused buffer as a socket does. */
export function feedInCuts(
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

export const anyCuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 });

/** The result of a fresh decoder for these bytes after a handshake. */
export function verdict(...messages: readonly Uint8Array[]): {
  stop: WireViolation | undefined;
  recorder: Recorder;
} {
  const { decoder, recorder } = newDecoder();
  const stream = join(handshakeOf(), ...messages);
  return { stop: decoder.feed(stream, stream.length, recorder), recorder };
}
