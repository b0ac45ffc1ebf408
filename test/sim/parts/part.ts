/**
 * A part of the engine, played alone: it is called as the engine calls it, with small drawn numbers, beside a
 * model that does the same in the plainest way. It often meets states that a swarm meets once in a thousand
 * runs.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';

export interface Part {
  readonly name: string;
  /** Returns the first difference from the model, or undefined. */
  readonly play: (random: Prng) => string | undefined;
}

export function limitsWith(some: Partial<Limits>): Limits {
  return { ...defaultLimits, ...some };
}

export function oneOf<T>(random: Prng, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}

/** True once in this many calls. */
export function rarely(random: Prng, times: number): boolean {
  return random.below(times) === 0;
}

/** A stand-in for a session, with only the fields that a part reads. */
export function sessionOf(some: object): PeerSession {
  return some as unknown as PeerSession;
}

/** A random source that records what it draws, so that a model can use the same numbers. */
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

/** Compares two values; returns a message when they differ. */
export function differ(what: string, is: unknown, expected: unknown): string | undefined {
  return is === expected ? undefined : `${what}: ${String(is)}, and it should be ${String(expected)}`;
}
