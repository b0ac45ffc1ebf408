/**
 * One seed, and a generator of its own for every part of the world, by name: an additional draw in one part
 * changes no draw in another.
 */
import { Prng } from '../../../client/engine/prng.ts';

export class Randomness {
  readonly seed: number;

  /** Any safe integer. */
  constructor(seed: number) {
    this.seed = seed;
  }

  /** The generator of this name, from its first draw: call once and keep it. */
  of(name: string): Prng {
    return new Prng(this.seedOf(name));
  }

  /** A u32 to seed a generator elsewhere. */
  seedOf(name: string): number {
    let hash = scramble((this.seed | 0) ^ Math.floor(this.seed / 0x1_0000_0000));
    for (let i = 0; i < name.length; i++) hash = scramble(hash ^ name.charCodeAt(i));
    return hash >>> 0;
  }
}

/** The finalizer of MurmurHash3: every bit of the input affects every bit of the output. */
export function scramble(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
