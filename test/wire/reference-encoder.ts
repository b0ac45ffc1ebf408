/**
 * Peer messages encoded a second time, directly from the tables of BEP 3, 6 and 10, without any code under
 * test; and a handler that records what a decoder reports.
 */
import type { WireHandler } from '../../client/wire/decoder.ts';
import type { Handshake } from '../../client/wire/handshake.ts';
import type { Message } from '../../client/wire/message.ts';

/** A `piece` message as a value: on the wire it is streamed. */
export interface PieceMessage {
  readonly type: 'piece';
  readonly index: number;
  readonly begin: number;
  readonly payload: Uint8Array;
}

const ids: Readonly<Record<Exclude<Message['type'], 'keep-alive'> | 'piece', number>> = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  'not-interested': 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  'have-all': 14,
  'have-none': 15,
  reject: 16,
  'allowed-fast': 17,
  extended: 20,
};

export function uint32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  for (const [i, value] of values.entries()) new DataView(bytes.buffer).setUint32(i * 4, value);
  return bytes;
}

/** Length prefix, id, payload. */
export function frame(id: number, ...payload: (Uint8Array | readonly number[])[]): Uint8Array {
  const body = join(...payload.map((part) => Uint8Array.from(part)));
  return join(uint32(1 + body.length), Uint8Array.of(id), body);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function encodeMessage(message: Message | PieceMessage): Uint8Array {
  switch (message.type) {
    case 'keep-alive':
      return uint32(0);
    case 'have':
    case 'suggest':
    case 'allowed-fast':
      return frame(ids[message.type], uint32(message.index));
    case 'bitfield':
      return frame(ids.bitfield, message.bits);
    case 'request':
    case 'cancel':
    case 'reject':
      return frame(ids[message.type], uint32(message.index, message.begin, message.length));
    case 'piece':
      return frame(ids.piece, uint32(message.index, message.begin), message.payload);
    case 'port':
      return frame(ids.port, [message.port >> 8, message.port & 255]);
    case 'extended':
      return frame(ids.extended, [message.id], message.payload);
    default:
      return frame(ids[message.type]);
  }
}

/** "BitTorrent protocol" with its length, eight reserved bytes, info-hash, peer id. */
export function handshakeOf(options: { fast?: boolean; extended?: boolean; fill?: number } = {}): Uint8Array {
  const reserved = new Uint8Array(8);
  // BEP 10: the 20th bit from the right; BEP 6: the third least significant bit of the last byte.
  if (options.extended) reserved[5] = 0x10;
  if (options.fast) reserved[7] = 0x04;
  const name = Uint8Array.from('BitTorrent protocol', (c) => c.charCodeAt(0));
  const fill = options.fill ?? 1;
  return join(
    Uint8Array.of(19),
    name,
    reserved,
    new Uint8Array(20).fill(fill),
    new Uint8Array(20).fill(fill + 1),
  );
}

/** Records everything; blocks are assembled from their runs. */
export class Recorder implements WireHandler<never> {
  readonly handshakes: Handshake[] = [];
  readonly messages: (Message | PieceMessage)[] = [];
  /** Payload bytes of blocks that have begun and not ended. */
  pendingBytes = 0;
  onHandshakeDo: (handshake: Handshake) => void = () => {};
  #block: { index: number; begin: number; bytes: number; parts: Uint8Array[] } | undefined;

  onHandshake(handshake: Handshake): undefined {
    this.handshakes.push(handshake);
    this.onHandshakeDo(handshake);
  }

  onMessage(message: Message): undefined {
    this.messages.push(message);
  }

  onBlockStart(index: number, begin: number, bytes: number): undefined {
    if (this.#block !== undefined) throw new Error('a block begins inside a block');
    this.#block = { index, begin, bytes, parts: [] };
  }

  onBlockBytes(bytes: Uint8Array, from: number, to: number): undefined {
    if (!(to > from)) throw new Error('an empty run');
    // The bytes are borrowed: only a copy may be kept.
    this.#block!.parts.push(bytes.slice(from, to));
    this.pendingBytes += to - from;
    if (this.pendingBytes > this.#block!.bytes) throw new Error('more payload than was announced');
  }

  onBlockEnd(): undefined {
    const { index, begin, bytes, parts } = this.#block!;
    const payload = join(...parts);
    if (payload.length !== bytes) throw new Error(`a block of ${bytes} bytes ended after ${payload.length}`);
    this.messages.push({ type: 'piece', index, begin, payload });
    this.#block = undefined;
    this.pendingBytes = 0;
  }
}
