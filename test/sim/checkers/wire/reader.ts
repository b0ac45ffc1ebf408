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
      readonly reserved: readonly number[];
      readonly infoHash: string;
      readonly peerId: string;
    }
  | { readonly what: 'keep-alive' }
  /** Length and id are here, the rest is not. `length` is the number on the wire. */
  | { readonly what: 'head'; readonly id: number; readonly length: number }
  | { readonly what: 'message'; readonly id: number; readonly body: readonly number[] }
  | { readonly what: 'block-begins'; readonly index: number; readonly begin: number; readonly bytes: number }
  | { readonly what: 'payload'; readonly bytes: number }
  | { readonly what: 'block-ends'; readonly index: number; readonly begin: number; readonly bytes: number };

const greeting = [19, ...Buffer.from('BitTorrent protocol')];
const handshakeBytes = 68;
/** Nothing longer has a body that anybody reads. */
const bodyBytesMax = 128 * 1024;

export class WireReader {
  readonly #tell: (heard: Heard) => void;
  #held: number[] = [];
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
        this.#held.push(bytes[at]!);
        at += 1;
        this.#look();
      }
    }
  }

  /** One byte more is here. */
  #look(): void {
    const held = this.#held;
    if (!this.#hasShaken) return this.#lookAtHandshake();
    if (held.length < 4) return;
    const length = u32(held, 0);
    if (length === 0) {
      this.#held = [];
      return this.#tell({ what: 'keep-alive' });
    }
    if (held.length < 5) return;
    const which = held[4]!;
    if (!this.#headTold) {
      this.#headTold = true;
      this.#tell({ what: 'head', id: which, length });
    }
    if (which === id.piece && length > 9) {
      if (held.length < 13) return;
      this.#block = { index: u32(held, 5), begin: u32(held, 9), bytes: length - 9 };
      this.#blockLeft = length - 9;
      this.#next();
      return this.#tell({ what: 'block-begins', ...this.#block });
    }
    if (length > bodyBytesMax) {
      this.#skipped = length - 1;
      return this.#next();
    }
    if (held.length < 4 + length) return;
    this.#next();
    this.#tell({ what: 'message', id: which, body: held.slice(5) });
  }

  #next(): void {
    this.#held = [];
    this.#headTold = false;
  }

  #lookAtHandshake(): void {
    const held = this.#held;
    const at = held.length - 1;
    if (at < greeting.length && held[at] !== greeting[at]) {
      this.#isLost = true;
      return this.#tell({ what: 'not-bittorrent' });
    }
    if (held.length < handshakeBytes) return;
    this.#hasShaken = true;
    this.#held = [];
    this.#tell({
      what: 'handshake',
      reserved: held.slice(20, 28),
      infoHash: hex(held.slice(28, 48)),
      peerId: hex(held.slice(48, 68)),
    });
  }
}

export function u32(bytes: readonly number[], at: number): number {
  return bytes[at]! * 2 ** 24 + bytes[at + 1]! * 2 ** 16 + bytes[at + 2]! * 2 ** 8 + bytes[at + 3]!;
}

export function hex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
