/**
 * A part of the engine that is played step by step: each step does a random thing to the part and to a simple
 * model, written from the promises in the part's comments. Both have to agree after every step.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Part } from './part.ts';

export interface SteppedPart {
  readonly name: string;
  /**
   * Creates the part and its model, and returns a function that makes one step with both. The function throws
   * when they differ.
   */
  begin(random: Prng): () => void;
}

const stepsMin = 30;
const stepsMore = 71;

/** Wraps it as a part that plays some dozens of steps. */
export function inSteps({ name, begin }: SteppedPart): Part {
  return {
    name,
    play(random) {
      const steps = stepsMin + random.below(stepsMore);
      let step = 0;
      try {
        const makeStep = begin(random);
        for (step = 1; step <= steps; step++) makeStep();
      } catch (error) {
        return `step ${step}: ${error instanceof Doubt ? error.message : `throws ${error}`}`;
      }
      return undefined;
    },
  };
}

/** A part differs from its model. */
export class Doubt extends Error {
  constructor(doubt: string) {
    super(doubt);
    this.name = 'Doubt';
  }
}

/** Compares with `===`. `what` may be a function, so that a text is only built when it is needed. */
export function agree(what: string | (() => string), is: unknown, meant: unknown): void {
  if (is === meant) return;
  throw new Doubt(`${typeof what === 'string' ? what : what()} is ${show(is)}, and should be ${show(meant)}`);
}

/** Compares two lists in order, with `===`. */
export function agreeOnAll(what: string, are: Iterable<unknown>, meant: Iterable<unknown>): void {
  const [all, others] = [[...are], [...meant]];
  if (all.length !== others.length || all.some((one, i) => one !== others[i]))
    throw new Doubt(`${what} are ${all.map(show)}, and should be ${others.map(show)}`);
}

export function agreeThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Doubt(otherwise);
}

function show(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Advances by any time, and often to the moment of an expected change, or one millisecond beside it. */
export class Clock {
  nowMs: number;
  readonly #random: Prng;

  constructor(random: Prng) {
    this.#random = random;
    this.nowMs = random.below(100_000);
  }

  /** `edgesMs`: durations from now; `momentsMs`: absolute times. */
  goOn(edgesMs: readonly number[], momentsMs: readonly number[] = []): void {
    const random = this.#random;
    const ends = [...edgesMs.map((ms) => this.nowMs + ms), ...momentsMs.filter((ms) => ms >= this.nowMs)];
    const way = random.below(4);
    if (way === 0) this.nowMs += random.below(1_000);
    else if (way >= 2 && ends.length > 0)
      this.nowMs = Math.max(this.nowMs, ends[random.below(ends.length)]! + random.below(3) - 1);
  }
}
