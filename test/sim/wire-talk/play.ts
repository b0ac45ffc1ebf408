/**
 * Everything that can be said on a peer connection, said to the decoder and by the writers, and what peers make of each other
 * by it, apart from the swarm: a swarm says little of it, and what it does not use it does not miss.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { oneOf } from '../hostile-bytes/odd-bytes.ts';
import { judgeAllowance } from './allowance.ts';
import { judgeDoor } from './door.ts';
import { judgeGiving, judgeIntroductions, judgeMetadata } from './extensions.ts';
import { judgeListening } from './listening.ts';
import { judgeNames } from './names.ts';
import { judgePieces, judgeWriters } from './speaking.ts';

export interface WireTalkPlan {
  /** How many streams are read or written. */
  readonly steps: number;
}

const judges = [
  ...[judgeListening, judgeListening, judgeListening, judgeListening, judgeWriters, judgePieces],
  ...[
    judgeIntroductions,
    judgeIntroductions,
    judgeMetadata,
    judgeGiving,
    judgeDoor,
    judgeDoor,
    judgeNames,
    judgeAllowance,
  ],
];

/** The first thing that was wrong; undefined: nothing was. */
export function playWireTalk({ steps }: WireTalkPlan, random: Prng): string | undefined {
  for (let step = 0; step < steps; step++) {
    const disbelief = oneOf(random, judges)(random);
    if (disbelief !== undefined) return disbelief;
  }
  return undefined;
}
