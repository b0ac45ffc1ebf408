/**
 * Checks everything that can be sent on a peer connection, in the decoder, the writers and the peer logic,
 * outside a swarm: a swarm sends little of it and does not notice what it does not use.
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
  /** The number of checks. */
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

/** Describes the first error, or undefined. */
export function playWireTalk({ steps }: WireTalkPlan, random: Prng): string | undefined {
  for (let step = 0; step < steps; step++) {
    const disbelief = oneOf(random, judges)(random);
    if (disbelief !== undefined) return disbelief;
  }
  return undefined;
}
