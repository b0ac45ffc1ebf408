/**
 * Decodes a byte stream by BEP 3 in the slowest and most obvious way. It shares no code with client/wire, so
 * that a fault in the engine's decoder or writer is not repeated here.                             BEP 3 6 10
 */

/** Message ids. */
export const id = {
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

export type Heard =
  | { readonly what: 'not-bittorrent' }
  | {
      readonly what: 'handshake';
      readonly reserved: Uint8Array;
      readonly infoHash: string;
      readonly peerId: string;
    }
  | { readonly what: 'keep-alive' }
  /** Length and id have been received, the body has not. `length` is the length prefix. */
  | { readonly what: 'head'; readonly id: number; readonly length: number }
  /** `body` is borrowed: the next message overwrites it. */
  | { readonly what: 'message'; readonly id: number; readonly body: Uint8Array }
  | { readonly what: 'block-begins'; readonly index: number; readonly begin: number; readonly bytes: number }
  | { readonly what: 'payload'; readonly bytes: number }
  | { readonly what: 'block-ends'; readonly index: number; readonly begin: number; readonly bytes: number };

const greeting = [19, ...Buffer.from('BitTorrent protocol')];
const handshakeBytes = 68;
/** No message whose body is judged is longer. */
const bodyBytesMax = 128 * 1024;
/** Most messages are shorter. */
const heldBytesFirst = 128;

export class WireReader {
  readonly #tell: (heard: Heard) => void;
  /** The received part of the current message: its first #count bytes. */
  #held = new Uint8Array(heldBytesFirst);
  #count = 0;
  /** Bytes needed before anything more can be decoded. */
  #needed = 1;
  #hasShaken = false;
  /** Bytes left of a body that is skipped. */
  #skipped = 0;
  /** The block being received, and how many of its bytes are missing. */
  #block: { readonly index: number; readonly begin: number; readonly bytes: number } | undefined;
  #blockLeft = 0;
  #headTold = false;
  #isLost = false;

  constructor(tell: (heard: Heard) => void) {
    this.#tell = tell;
  }

  /** Reads bytes[0, count). */
  read(bytes: Uint8Array, count: number): void {
    let at = 0;
    while (at < count && !this.#isLost) {
      if (this.#blockLeft > 0) {
        const run = Math.min(this.#blockLeft, count - at);
        this.#tell({ what: 'payload', bytes: run });
        this.#blockLeft -= run;
        at += run;
        if (this.#blockLeft === 0) this.#tell({ what: 'block-ends', ...this.#block! });
      } else if (this.#skipped > 0) {
        const run = Math.min(this.#skipped, count - at);
        this.#skipped -= run;
        at += run;
      } else {
        const run = Math.min(this.#needed - this.#count, count - at);
        this.#hold(bytes, at, run);
        at += run;
        if (this.#count === this.#needed) this.#look();
      }
    }
  }

  #hold(bytes: Uint8Array, at: number, run: number): void {
    if (this.#needed > this.#held.length) {
      const longer = new Uint8Array(this.#needed);
      longer.set(this.#held.subarray(0, this.#count));
      this.#held = longer;
    }
    for (let i = 0; i < run; i++) this.#held[this.#count + i] = bytes[at + i]!;
    this.#count += run;
  }

  /** All needed bytes have been received. */
  #look(): void {
    const held = this.#held;
    if (!this.#hasShaken) return this.#lookAtHandshake();
    if (this.#count === 4) {
      if (u32(held, 0) > 0) return void (this.#needed = 5);
      this.#next();
      return this.#tell({ what: 'keep-alive' });
    }
    const length = u32(held, 0);
    const which = held[4]!;
    if (!this.#headTold) {
      this.#headTold = true;
      this.#tell({ what: 'head', id: which, length });
    }
    if (which === id.piece && length > 9) {
      if (this.#count < 13) return void (this.#needed = 13);
      this.#block = { index: u32(held, 5), begin: u32(held, 9), bytes: length - 9 };
      this.#blockLeft = length - 9;
      this.#next();
      return this.#tell({ what: 'block-begins', ...this.#block });
    }
    if (length > bodyBytesMax) {
      this.#skipped = length - 1;
      return this.#next();
    }
    if (this.#count < 4 + length) return void (this.#needed = 4 + length);
    this.#next();
    this.#tell({ what: 'message', id: which, body: held.subarray(5, 4 + length) });
  }

  #next(): void {
    this.#count = 0;
    this.#needed = 4;
    this.#headTold = false;
  }

  #lookAtHandshake(): void {
    const held = this.#held;
    const at = this.#count - 1;
    if (at < greeting.length && held[at] !== greeting[at]) {
      this.#isLost = true;
      return this.#tell({ what: 'not-bittorrent' });
    }
    // The protocol string is checked byte by byte, so that the first wrong byte is reported.
    if (this.#count < greeting.length) return void (this.#needed = this.#count + 1);
    if (this.#count < handshakeBytes) return void (this.#needed = handshakeBytes);
    this.#hasShaken = true;
    this.#next();
    this.#tell({
      what: 'handshake',
      reserved: held.slice(20, 28),
      infoHash: hex(held.slice(28, 48)),
      peerId: hex(held.slice(48, 68)),
    });
  }
}

export function u32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + bytes[at + 1]! * 2 ** 16 + bytes[at + 2]! * 2 ** 8 + bytes[at + 3]!;
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) text += hexOfByte[bytes[at]!]!;
  return text;
}

/** The position of a block in a request, cancel or reject. */
export function placeOf(body: Uint8Array): string {
  return `${u32(body, 0)}/${u32(body, 4)}/${u32(body, 8)}`;
}
