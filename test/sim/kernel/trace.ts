/**
 * A running hash of all events: two runs with the same trace hash did the same things in the same order at
 * the same times. Integers only, so that it is the same in every version of V8.
 */
export class Trace {
  #a = 0x2545f491;
  #b = 0x6c62272e;

  /** Mixes the low 32 bits; split larger numbers in two. */
  mix(value: number): void {
    const a = Math.imul(this.#a ^ value, 0x85ebca6b);
    this.#a = (a << 13) | (a >>> 19);
    this.#b = Math.imul(this.#b + (value ^ (a >>> 15)), 0xc2b2ae35) ^ (this.#b >>> 16);
  }

  mixText(text: string): void {
    for (let i = 0; i < text.length; i++) this.mix(text.charCodeAt(i));
  }

  /** 16 hexadecimal digits. */
  get hash(): string {
    return [this.#a, this.#b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** The kinds that a trace distinguishes besides facts: the calls of ports. */
export const traceKind = {
  dial: 101,
  send: 102,
  sendBlock: 103,
  close: 104,
  readBlock: 105,
  storePiece: 106,
  announce: 107,
  checkMetadata: 108,
  crash: 109,
} as const;
