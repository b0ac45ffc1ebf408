/** What a room gives to the fuzz runner, and the random numbers its targets draw from. */

export interface FuzzTarget {
  readonly name: string;
  /** Inputs of a full run. */
  readonly count: number;
  /** Makes one input and feeds it. Throws when a rule is broken. */
  readonly run: (random: Random) => void;
}

/** Limits of one input (reference: every parser must hold them whatever it is given). */
export const inputMsMax = 50;
export const inputHeapBytesMax = 16 * 2 ** 20;

/** Seeded per input, so that any one of a million can be run again alone. */
export class Random {
  #state: number;

  constructor(seed: number, input: number) {
    // Neighbouring inputs must not have neighbouring states: two rounds of a 32-bit mixer.
    this.#state = mixed(mixed(seed) ^ mixed(input + 1)) || 1;
  }

  /** An integer in [0, below). */
  below(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  oneOf<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }
}

function mixed(value: number): number {
  let state = value >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
  state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
  return (state ^ (state >>> 16)) >>> 0;
}
