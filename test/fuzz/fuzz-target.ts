/** The interface between a part's fuzz targets and the runner, and the random numbers for the targets. */

export interface FuzzTarget {
  readonly name: string;
  /** The number of inputs in a full run. */
  readonly count: number;
  /** Makes one input and parses it. Throws if a rule is broken. */
  readonly run: (random: Random) => void;
}

/** The limits for one input, which every parser must keep for any input. */
export const inputMsMax = 50;
export const inputHeapBytesMax = 16 * 2 ** 20;

/** Seeded per input, so that any single input of a million can be run again. */
export class Random {
  #state: number;

  constructor(seed: number, input: number) {
    // Two rounds of a 32-bit mixer, so that neighbouring inputs do not have similar states.
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

  /** True once in `times` calls on average. */
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
