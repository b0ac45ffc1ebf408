/**
 * Decodes a peer's byte stream into a handshake, messages and blocks, for any division into reads.
 *
 * Invariant: a message is not buffered before its length has passed its cap. A block's payload is never
 * buffered: it is handed on as it arrives, so that the receiver makes the only copy. At most one small
 * message, one bitfield or one extended message is held. Left to others: whether a number is valid for the
 * torrent (geometry, peer-session). BEP 3 6 10
 */
import { decodeHandshake, type Handshake, handshakeBytes, mayBeHandshake } from './handshake.ts';
import { type Message, messageId, pieceHeaderBytes, readUint32 } from './message.ts';
import { decodeBody } from './message-body.ts';

/** A peer's violation, as a stable word. The connection closes; nothing is thrown. */
export type WireViolation =
  | 'not-bittorrent'
  | 'message-too-long'
  | 'message-length-wrong'
  | 'bitfield-length-wrong'
  | 'block-too-long';

/**
 * Called in the order of the wire. Any result but undefined stops the decoder for good: the connection is
 * closing.
 */
export interface WireHandler<Stop> {
  onHandshake(handshake: Handshake): Stop | undefined;
  onMessage(message: Message): Stop | undefined;
  /**
   * Most messages in a swarm are `have`. A handler with this method gets only the number, and `onMessage`
   * gets no `have`.
   */
  onHave?(index: number): Stop | undefined;
  /** A message of unknown type begins: its body is skipped. */
  onUnknown?(bytes: number): Stop | undefined;
  /** A `piece` message begins, with three unchecked numbers from the peer. */
  onBlockStart(index: number, begin: number, bytes: number): Stop | undefined;
  /** The next bytes of the payload: bytes[from, to), borrowed until the call returns. */
  onBlockBytes(bytes: Uint8Array, from: number, to: number): Stop | undefined;
  onBlockEnd(): Stop | undefined;
}

/** BEP 3: every client requests 2^14 bytes. A longer block answers no request. */
const blockPayloadBytesMax = 16 * 1024;
/** Room for every known BEP 10 message: metadata blocks are 16 KiB and a header, peer exchange a few KiB. */
const extendedBytesMax = 64 * 1024;
/**
 * Messages of unknown type are skipped up to this size, as in every client, so that peers may use new
 * extensions.
 */
const unknownBytesMax = 64 * 1024;

/** By id: the length of messages that have a fixed length; 0 for others. */
const fixedLength = new Uint8Array(256);
for (const [id, length] of [
  [messageId.choke, 1],
  [messageId.unchoke, 1],
  [messageId.interested, 1],
  [messageId.notInterested, 1],
  [messageId.have, 5],
  [messageId.request, 13],
  [messageId.cancel, 13],
  [messageId.port, 3],
  [messageId.suggest, 5],
  [messageId.haveAll, 1],
  [messageId.haveNone, 1],
  [messageId.reject, 13],
  [messageId.allowedFast, 5],
] as const) {
  fixedLength[id] = length;
}
/** Any body of fixed length, and the header of a block. */
const smallBodyBytes = 12;
const noBytes = new Uint8Array(0);
/** A length and an id. */
const prefixBytes = 5;

/** The size of a whole `have`. */
const haveBytes = 9;

function isHave(bytes: Uint8Array, at: number): boolean {
  const isShort = bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 0;
  return isShort && bytes[at + 3] === 5 && bytes[at + 4] === messageId.have;
}

type State = 'handshake' | 'length' | 'id' | 'body' | 'block-header' | 'block' | 'skip' | 'stopped';

export class WireDecoder {
  #state: State = 'handshake';
  /** Bytes of the part being collected: the handshake, a length, or a message body. */
  #held = noBytes;
  #heldCount = 0;
  #wanted = handshakeBytes;
  #id = 0;
  #remaining = 0;
  /** Length of this torrent's bitfield. Before the handshake no bitfield is accepted. */
  #bitfieldBytesMin = 0;
  #bitfieldBytesMax = 0;

  /** Called when the handshake has named the torrent: the length of its bitfield, or its possible range. */
  expectBitfieldBytes(min: number, max: number = min): void {
    this.#bitfieldBytesMin = min;
    this.#bitfieldBytesMax = max;
  }

  /** Decodes the next bytes[0, count). Returns why the connection must close, or undefined. */
  feed<Stop>(bytes: Uint8Array, count: number, handler: WireHandler<Stop>): Stop | WireViolation | undefined {
    let at = 0;
    while (at < count) {
      if (this.#state === 'stopped') return undefined;
      if (this.#state === 'length' && this.#heldCount === 0 && handler.onHave !== undefined) {
        // Peers send `have` messages in batches of dozens; they are most of all messages.
        for (; at + haveBytes <= count && isHave(bytes, at); at += haveBytes) {
          const stop = handler.onHave(readUint32(bytes, at + prefixBytes));
          if (stop !== undefined) return this.#stop(stop);
        }
        if (at === count) return undefined;
      }
      if (this.#state === 'length' && this.#heldCount === 0 && count - at >= prefixBytes) {
        // A message that arrived whole is read in place: nothing is copied, and one step replaces three.
        const length = readUint32(bytes, at);
        const id = bytes[at + 4]!;
        if (fixedLength[id] === length && length > 0 && 4 + length <= count - at) {
          const stop = tell(handler, id, bytes, at + prefixBytes, length - 1);
          if (stop !== undefined) return this.#stop(stop);
          at += 4 + length;
          continue;
        }
        const isBlock = id === messageId.piece && length > 9 && length - 9 <= blockPayloadBytesMax;
        if (isBlock && count - at >= pieceHeaderBytes) {
          this.#state = 'block';
          this.#remaining = length - 9;
          const stop = handler.onBlockStart(readUint32(bytes, at + 5), readUint32(bytes, at + 9), length - 9);
          if (stop !== undefined) return this.#stop(stop);
          at += pieceHeaderBytes;
          continue;
        }
      }
      if (this.#state === 'block' || this.#state === 'skip') {
        const run = Math.min(this.#remaining, count - at);
        this.#remaining -= run;
        if (this.#state === 'block') {
          const stop = handler.onBlockBytes(bytes, at, at + run);
          if (stop !== undefined) return this.#stop(stop);
        }
        at += run;
        if (this.#remaining > 0) continue;
        const stop = this.#state === 'block' ? handler.onBlockEnd() : undefined;
        if (stop !== undefined) return this.#stop(stop);
        this.#expect('length', 4);
        continue;
      }
      // Most connections never need this buffer: messages arrive whole.
      if (this.#held.length < this.#wanted)
        this.#held = new Uint8Array(Math.max(this.#wanted, smallBodyBytes));
      const run = Math.min(this.#wanted - this.#heldCount, count - at);
      for (let i = 0; i < run; i++) this.#held[this.#heldCount + i] = bytes[at + i]!;
      this.#heldCount += run;
      at += run;
      if (this.#state === 'handshake' && !mayBeHandshake(this.#held, this.#heldCount)) {
        return this.#stop('not-bittorrent');
      }
      if (this.#heldCount < this.#wanted) return undefined;
      const stop = this.#complete(handler);
      if (stop !== undefined) return this.#stop(stop);
    }
    return undefined;
  }

  /** The part being collected is complete. */
  #complete<Stop>(handler: WireHandler<Stop>): Stop | WireViolation | undefined {
    switch (this.#state) {
      case 'handshake': {
        const handshake = decodeHandshake(this.#held);
        this.#expect('length', 4);
        return handler.onHandshake(handshake);
      }
      case 'length': {
        this.#remaining = readUint32(this.#held, 0);
        if (this.#remaining === 0) {
          this.#expect('length', 4);
          return handler.onMessage({ type: 'keep-alive' });
        }
        this.#expect('id', 1);
        return undefined;
      }
      case 'id':
        this.#id = this.#held[0]!;
        return this.#startBody(handler);
      case 'block-header': {
        const index = readUint32(this.#held, 0);
        const begin = readUint32(this.#held, 4);
        this.#state = 'block';
        return handler.onBlockStart(index, begin, this.#remaining);
      }
      default: {
        const held = this.#held;
        const count = this.#heldCount;
        this.#expect('length', 4);
        return tell(handler, this.#id, held, 0, count);
      }
    }
  }

  /** Id and length are known. The length is checked against the id's cap before the body is buffered. */
  #startBody<Stop>(handler: WireHandler<Stop>): Stop | WireViolation | undefined {
    const length = this.#remaining;
    const body = length - 1;
    if (this.#id === messageId.piece) {
      // A block without payload answers no valid request.
      if (length <= 9) return 'message-length-wrong';
      if (length - 9 > blockPayloadBytesMax) return 'block-too-long';
      this.#expect('block-header', 8);
      this.#remaining = length - 9;
      return undefined;
    }
    const fixed = fixedLength[this.#id]!;
    if (fixed > 0) {
      if (length !== fixed) return 'message-length-wrong';
    } else if (this.#id === messageId.bitfield) {
      if (body < this.#bitfieldBytesMin || body > this.#bitfieldBytesMax) return 'bitfield-length-wrong';
    } else if (this.#id === messageId.extended) {
      if (length < 2) return 'message-length-wrong';
      if (body > extendedBytesMax) return 'message-too-long';
    } else {
      if (body > unknownBytesMax) return 'message-too-long';
      this.#state = 'skip';
      this.#remaining = body;
      if (body === 0) this.#expect('length', 4);
      return handler.onUnknown?.(body);
    }
    this.#expect('body', body);
    return body === 0 ? this.#complete(handler) : undefined;
  }

  #expect(state: State, bytes: number): void {
    this.#state = state;
    this.#wanted = bytes;
    this.#heldCount = 0;
    // Large messages are rare and the handshake comes once: their buffer is not kept for the whole
    // connection.
    if (this.#held.length > smallBodyBytes && bytes <= smallBodyBytes) this.#held = noBytes;
  }

  #stop<T>(reason: T): T {
    this.#state = 'stopped';
    return reason;
  }
}

/** Hands on a message whose body is bytes[at, at + count). The length has been checked. */
function tell<Stop>(
  handler: WireHandler<Stop>,
  id: number,
  bytes: Uint8Array,
  at: number,
  count: number,
): Stop | undefined {
  if (id === messageId.have && handler.onHave !== undefined) return handler.onHave(readUint32(bytes, at));
  return handler.onMessage(decodeBody(id, bytes, at, count));
}
