import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireDecoder } from '../../client/wire/decoder.ts';
import { decodeHandshake, encodeHandshake, mayBeHandshake } from '../../client/wire/handshake.ts';
import { encodePieceHeader, type Message, MessageWriter } from '../../client/wire/message.ts';
import { encodeMessage, handshakeOf, join, Recorder } from './reference-encoder.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function written(write: (writer: MessageWriter) => void): string {
  const writer = new MessageWriter();
  write(writer);
  return hex(writer.take());
}

describe('the bytes of each message are those of its BEP', () => {
  it.each<[string, string, (writer: MessageWriter) => void]>([
    ['keep-alive', '00000000', (w) => w.keepAlive()],
    ['choke', '0000000100', (w) => w.choke()],
    ['unchoke', '0000000101', (w) => w.unchoke()],
    ['interested', '0000000102', (w) => w.interested()],
    ['not interested', '0000000103', (w) => w.notInterested()],
    ['have', '000000050401020304', (w) => w.have(0x01020304)],
    ['bitfield', '0000000305a580', (w) => w.bitfield(Uint8Array.of(0xa5, 0x80))],
    ['request', '0000000d06000000010000400000004000', (w) => w.request(1, 0x4000, 0x4000)],
    ['cancel', '0000000d08000000010000400000004000', (w) => w.cancel(1, 0x4000, 0x4000)],
    ['reject', '0000000d10000000010000400000004000', (w) => w.reject(1, 0x4000, 0x4000)],
    ['have all', '000000010e', (w) => w.haveAll()],
    ['have none', '000000010f', (w) => w.haveNone()],
    ['extended', '00000004140361ff', (w) => w.extended(3, Uint8Array.of(0x61, 0xff))],
    ['numbers beyond 2^31', '0000000504fffffffe', (w) => w.have(0xffff_fffe)],
  ])('the bytes of %s are those of its BEP', (_, expected, write) => {
    expect(written(write)).toBe(expected);
  });

  it('a piece message is written as header and payload apart', () => {
    expect(hex(encodePieceHeader(1, 0x4000, 0x4000))).toBe('00004009070000000100004000');
  });
});

describe('a writer', () => {
  it('a writer hands out what was written, in order, and is then empty', () => {
    const writer = new MessageWriter();
    expect(writer.isEmpty).toBe(true);
    writer.choke();
    writer.have(7);
    expect(writer.isEmpty).toBe(false);
    expect(hex(writer.take())).toBe('0000000100000000050400000007');
    expect(writer.isEmpty).toBe(true);
    expect(writer.take()).toHaveLength(0);
  });

  it('a writer never changes bytes it has handed out', () => {
    const writer = new MessageWriter();
    writer.have(1);
    const first = writer.take();
    writer.have(2);
    writer.take();
    expect(hex(first)).toBe('000000050400000001');
  });

  it('a writer grows with what is written', () => {
    const bits = new Uint8Array(100_000).fill(0x55);
    const writer = new MessageWriter();
    writer.unchoke();
    writer.bitfield(bits);
    writer.interested();
    const expected = [{ type: 'unchoke' }, { type: 'bitfield', bits }, { type: 'interested' }] as const;
    expect(writer.take()).toEqual(join(...expected.map(encodeMessage)));
  });

  it('a decoder reads back what a writer writes', () => {
    const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const block = { index: u32, begin: u32, length: u32 };
    const message = fc.oneof(
      fc.constantFrom('choke', 'unchoke', 'interested', 'have-all', 'have-none').map((type) => ({ type })),
      fc.record({ type: fc.constant('have'), index: u32 }),
      fc.record({ type: fc.constantFrom('request', 'cancel', 'reject'), ...block }),
      fc.record({
        type: fc.constant('extended'),
        id: fc.integer({ min: 0, max: 255 }),
        payload: fc.uint8Array(),
      }),
    ) as fc.Arbitrary<Message>;
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const writer = new MessageWriter();
        writer.raw(handshakeOf());
        for (const m of messages) write(writer, m);
        const bytes = writer.take();
        const recorder = new Recorder();
        expect(new WireDecoder().feed(bytes, bytes.length, recorder)).toBeUndefined();
        expect(recorder.messages).toEqual(messages);
      }),
    );
  });
});

describe('a handshake', () => {
  const infoHash = Uint8Array.from({ length: 20 }, (_, i) => i);
  const peerId = Uint8Array.from({ length: 20 }, (_, i) => 200 + i);

  it('a handshake is 68 bytes: name, reserved bits, info-hash, peer id', () => {
    const expected = `13426974546f7272656e742070726f746f636f6c0000000000100004${hex(infoHash)}${hex(peerId)}`;
    expect(hex(encodeHandshake({ infoHash, peerId, fast: true, extended: true }))).toBe(expected);
  });

  it('a handshake is read as it was written, and the result owns its bytes', () => {
    for (const fast of [false, true]) {
      for (const extended of [false, true]) {
        const bytes = encodeHandshake({ infoHash, peerId, fast, extended });
        const handshake = decodeHandshake(bytes);
        bytes.fill(0);
        expect(handshake).toEqual({ infoHash, peerId, fast, extended });
      }
    }
  });

  it('a handshake can be told from other data at any length', () => {
    const bytes = handshakeOf();
    for (let count = 0; count <= bytes.length; count++) expect(mayBeHandshake(bytes, count)).toBe(true);
    expect(mayBeHandshake(Buffer.from('GET / HTTP/1.1'), 1)).toBe(false);
  });
});

function write(writer: MessageWriter, m: Message): void {
  switch (m.type) {
    case 'choke':
      return writer.choke();
    case 'unchoke':
      return writer.unchoke();
    case 'interested':
      return writer.interested();
    case 'have-all':
      return writer.haveAll();
    case 'have-none':
      return writer.haveNone();
    case 'have':
      return writer.have(m.index);
    case 'request':
      return writer.request(m.index, m.begin, m.length);
    case 'cancel':
      return writer.cancel(m.index, m.begin, m.length);
    case 'reject':
      return writer.reject(m.index, m.begin, m.length);
    case 'extended':
      return writer.extended(m.id, m.payload);
    default:
      throw new Error(`the writer does not write ${m.type}`);
  }
}
