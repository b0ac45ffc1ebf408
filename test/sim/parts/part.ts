/**
 * A part of the engine, played alone: it is called as the engine calls it, with numbers that are drawn small, and beside it
 * stands a model that does the same in the plainest way. What a swarm meets once in a thousand runs is met here at once.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';

export interface Part {
  readonly name: string;
  /** The first thing that was wrong; undefined: nothing was. */
  readonly play: (random: Prng) => string | undefined;
}

export function limitsWith(some: Partial<Limits>): Limits {
  return { ...defaultLimits, ...some };
}

export function oneOf<T>(random: Prng, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** True once in so many times. */
export function rarely(random: Prng, times: number): boolean {
  return random.below(times) === 0;
}

/** As much of a session as a part looks at. */
export function sessionOf(some: object): PeerSession {
  return some as unknown as PeerSession;
}

/** Chance that tells what it was asked for: a model draws the same. */
export class OverheardChance {
  readonly bounds: number[] = [];
  readonly drawn: number[] = [];
  readonly #random: Prng;

  constructor(random: Prng) {
    this.#random = random;
  }

  readonly below = (bound: number): number => {
    const value = this.#random.below(bound);
    this.bounds.push(bound);
    this.drawn.push(value);
    return value;
  };

  get asPrng(): Prng {
    return this as unknown as Prng;
  }
}

/** Two values that ought to be alike; the words for it when they are not. */
export function differ(what: string, is: unknown, expected: unknown): string | undefined {
  return is === expected ? undefined : `${what}: ${String(is)}, and it should be ${String(expected)}`;
}
