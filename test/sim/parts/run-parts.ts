/**
 * A seed → parts of the engine, each played alone beside its model. All of them take about eight
 * milliseconds.
 */
import { Randomness } from '../kernel/randomness.ts';
import type { Failure } from '../runner/result.ts';
import { addresses } from './addresses.ts';
import { announces } from './announces.ts';
import { doors } from './doors.ts';
import { fetching } from './fetching.ts';
import { meters } from './meters.ts';
import type { Part } from './part.ts';
import { places } from './places.ts';
import { serving } from './serving.ts';
import { slots } from './slots.ts';
import { tables } from './tables.ts';
import { worth } from './worth.ts';

export const parts: readonly Part[] = [
  ...meters,
  ...places,
  ...serving,
  ...worth,
  ...tables,
  ...slots,
  ...addresses,
  ...announces,
  ...doors,
  ...fetching,
];

/** Plays half of the parts, drawn at random. Returns the first failure, or undefined. */
export function runParts(seed: number): Failure | undefined {
  const randomness = new Randomness(seed);
  const turns = randomness.of('parts');
  for (const { name, play } of parts) {
    if (turns.below(2) === 0) continue;
    const message = disbeliefOf(() => play(randomness.of(`part ${name}`)));
    if (message !== undefined)
      return { checker: `part: ${name}`, message, atMs: 0, peer: undefined, lastEvents: [] };
  }
  return undefined;
}

function disbeliefOf(play: () => string | undefined): string | undefined {
  try {
    return play();
  } catch (error) {
    return `threw: ${(error as Error).message}`;
  }
}
