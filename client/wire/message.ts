/**
 * The messages of a peer connection as values, and their bytes. A message on the wire is a 4-byte big-endian
 * length, then a 1-byte id, then the payload. Length 0 is a keep-alive.
 *
 * `piece` has no value: its payload is streamed (decoder.ts) and sent apart from its header, so that a block
 * is never copied together with other bytes. BEP 3 6 10
 */

export const messageId = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
} as const;

/** Every number is an unchecked u32 from the peer. */
export type Message =
  | { readonly type: 'keep-alive' }
  | { readonly type: 'choke' }
  | { readonly type: 'unchoke' }
  | { readonly type: 'interested' }
  | { readonly type: 'not-interested' }
  | { readonly type: 'have'; readonly index: number }
  /** The receiver owns `bits`; spare bits are not yet checked. */
  | { readonly type: 'bitfield'; readonly bits: Uint8Array }
  | { readonly type: 'request'; readonly index: number; readonly begin: number; readonly length: number }
  | { readonly type: 'cancel'; readonly index: number; readonly begin: number; readonly length: number }
  | { readonly type: 'port'; readonly port: number }
  | { readonly type: 'suggest'; readonly index: number }
  | { readonly type: 'have-all' }
  | { readonly type: 'have-none' }
  | { readonly type: 'reject'; readonly index: number; readonly begin: number; readonly length: number }
  | { readonly type: 'allowed-fast'; readonly index: number }
  | { readonly type: 'extended'; readonly id: number; readonly payload: Uint8Array };

/** Bytes before the block in a `piece` message: length, id, index, begin. */
export const pieceHeaderBytes = 13;

/** Header of a `piece` message; the block's bytes follow it on the wire.  BEP 3 */
export function encodePieceHeader(index: number, begin: number, blockBytes: number): Uint8Array {
  const bytes = takeSlab(pieceHeaderBytes);
  writeUint32(bytes, 0, 9 + blockBytes);
  bytes[4] = messageId.piece;
  writeUint32(bytes, 5, index);
  writeUint32(bytes, 9, begin);
  return bytes;
}

/** Enough for the small messages of most turns: 28 `have` messages. */
const bufferBytes = 256;
/** Buffers of idle writers, for reuse. More writers than this are rarely busy in one turn. */
const buffersMax = 64;
const buffers: Uint8Array<ArrayBuffer>[] = [];
const noBytes = new Uint8Array(0);

/**
 * Outgoing bytes are cut from a slab, as in Node's Buffer.from: a separate allocation for every few bytes
 * costs more than writing them.
 */
const slabBytes = 8 * 1024;
let slab = new ArrayBuffer(slabBytes);
let slabUsed = 0;

/**
 * Collects the small messages of one turn into one write.
 *
 * Invariant: it holds a buffer only while it is not empty, so that a silent connection costs no memory.
 */
export class MessageWriter {
  #bytes: Uint8Array<ArrayBuffer> = noBytes;
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The bytes written since the last call. The caller owns them. */
  take(): Uint8Array {
    const taken = copyOf(this.#bytes, this.#length);
    if (this.#bytes.length === bufferBytes && buffers.length < buffersMax) buffers.push(this.#bytes);
    this.#bytes = noBytes;
    this.#length = 0;
    return taken;
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  keepAlive(): void {
    const at = this.#reserve(4);
    writeUint32(this.#bytes, at, 0);
  }

  choke(): void {
    this.#header(1, messageId.choke);
  }
  unchoke(): void {
    this.#header(1, messageId.unchoke);
  }
  interested(): void {
    this.#header(1, messageId.interested);
  }
  notInterested(): void {
    this.#header(1, messageId.notInterested);
  }
  haveAll(): void {
    this.#header(1, messageId.haveAll);
  }
  haveNone(): void {
    this.#header(1, messageId.haveNone);
  }

  have(index: number): void {
    const at = this.#header(5, messageId.have);
    writeUint32(this.#bytes, at, index);
  }

  /** BEP 6. */
  suggest(index: number): void {
    const at = this.#header(5, messageId.suggest);
    writeUint32(this.#bytes, at, index);
  }

  /** MSB first, spare bits zero.  BEP 3 */
  bitfield(bits: Uint8Array): void {
    const at = this.#header(1 + bits.length, messageId.bitfield);
    this.#bytes.set(bits, at);
  }

  request(index: number, begin: number, length: number): void {
    this.#block(messageId.request, index, begin, length);
  }
  cancel(index: number, begin: number, length: number): void {
    this.#block(messageId.cancel, index, begin, length);
  }
  reject(index: number, begin: number, length: number): void {
    this.#block(messageId.reject, index, begin, length);
  }

  /** BEP 10: `id` is the peer's id for the extension; 0 is the extension handshake. */
  extended(id: number, payload: Uint8Array): void {
    const at = this.#header(2 + payload.length, messageId.extended);
    this.#bytes[at] = id;
    this.#bytes.set(payload, at + 1);
  }

  #block(id: number, index: number, begin: number, length: number): void {
    const at = this.#header(13, id);
    writeUint32(this.#bytes, at, index);
    writeUint32(this.#bytes, at + 4, begin);
    writeUint32(this.#bytes, at + 8, length);
  }

  /** Writes length and id; returns where the payload starts. */
  #header(length: number, id: number): number {
    const at = this.#reserve(4 + length);
    writeUint32(this.#bytes, at, length);
    this.#bytes[at + 4] = id;
    return at + 5;
  }

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) this.#grow(at);
    return at;
  }

  #grow(used: number): void {
    if (used === 0 && this.#length <= bufferBytes) {
      this.#bytes = buffers.pop() ?? new Uint8Array(bufferBytes);
      return;
    }
    const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, used));
    this.#bytes = grown;
  }
}

/** The first `count` bytes of `source`, in memory of their own. */
function copyOf(source: Uint8Array, count: number): Uint8Array {
  if (count > slabBytes / 8) return source.slice(0, count);
  const copy = takeSlab(count);
  // For a few dozen bytes this is faster than `set`, which needs a view.
  for (let i = 0; i < count; i++) copy[i] = source[i]!;
  return copy;
}

/** A few bytes, all zero. */
function takeSlab(count: number): Uint8Array {
  if (slabUsed + count > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    slabUsed = 0;
  }
  slabUsed += count;
  return new Uint8Array(slab, slabUsed - count, count);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
