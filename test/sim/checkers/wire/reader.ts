/**
 * A stream of bytes → what BEP 3 says it is, in the slowest and most obvious way. It shares no line with client/wire: a
 * fault in the engine's decoder or writer is seen as such, and not understood in the same wrong way.        BEP 3 6 10
 */

/** By the number that is on the wire. */
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
  /** Length and id are here, the rest is not. `length` is the number on the wire. */
  | { readonly what: 'head'; readonly id: number; readonly length: number }
  /** `body` is borrowed: the next word overwrites it. */
  | { readonly what: 'message'; readonly id: number; readonly body: Uint8Array }
  | { readonly what: 'block-begins'; readonly index: number; readonly begin: number; readonly bytes: number }
  | { readonly what: 'payload'; readonly bytes: number }
  | { readonly what: 'block-ends'; readonly index: number; readonly begin: number; readonly bytes: number };

const greeting = [19, ...Buffer.from('BitTorrent protocol')];
const handshakeBytes = 68;
/** Nothing longer has a body that anybody reads. */
const bodyBytesMax = 128 * 1024;
/** Most words are shorter. */
const heldBytesFirst = 128;

export class WireReader {
  readonly #tell: (heard: Heard) => void;
  /** What has come of the present word: the first #count bytes. */
  #held = new Uint8Array(heldBytesFirst);
  #count = 0;
  /** As many are looked at together: whatever could be told sooner needs as many bytes at least. */
  #needed = 1;
  #hasShaken = false;
  /** Bytes of a body that nobody reads. */
  #skipped = 0;
  /** The block whose payload is coming, and how much of it is still to come. */
  #block: { readonly index: number; readonly begin: number; readonly bytes: number } | undefined;
  #blockLeft = 0;
  #headTold = false;
  #isLost = false;

  constructor(tell: (heard: Heard) => void) {
    this.#tell = tell;
  }

  /** bytes[0, count). */
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

  /** As many bytes as were needed are here. */
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
    // The greeting is read byte by byte: the first wrong one ends it.
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

/** Of a block that is asked for, taken back or refused. */
export function placeOf(body: Uint8Array): string {
  return `${u32(body, 0)}/${u32(body, 4)}/${u32(body, 8)}`;
}
