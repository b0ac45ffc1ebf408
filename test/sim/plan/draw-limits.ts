/**
 * Draws limits: the defaults, or some extremely small ones. No code may rely on a constant being large.
 *
 * Not drawn: the sizes of peer tables. Two useless peers may fill a table for two, and a swarm may then
 * rightly stall.
 */
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';

/** Each knob is drawn by itself, and keeps the relations between limits that the engine asserts. */
const knobs: readonly ((random: Prng, pieceBytes: number) => Partial<Limits>)[] = [
  (random) => {
    const requests = 1 + random.below(8);
    return {
      requestsOutstandingMax: requests,
      requestsReqqMax: requests,
      uploadQueueMax: requests,
      requestsOutstandingMin: 1,
      requestsOutstandingFirst: 1,
    };
  },
  () => ({ uploadSlotsMax: 1, rechokeMs: 2_000, optimisticRechokes: 1 }),
  (random) => ({ uploadSlotsMax: 1 + random.below(3) }),
  (random) => ({ dialsMax: 1 + random.below(2) }),
  (random, pieceBytes) => ({ pieceMemoryBytesMax: pieceBytes * (1 + random.below(3)) }),
  // The smallest window that holds a block of metadata. With less, a peer would reject the next request.
  () => ({ uploadWindowBytes: 32 * 1024, unreadBytesMax: 128 * 1024, metadataRequestsMax: 1 }),
  (random) => ({ tickMs: 20 + random.below(1_500) }),
  (random) => ({ stallTimeoutMs: 3_000 + random.below(3_000), stallCloseMs: 8_000 + random.below(5_000) }),
  (random) => ({ randomFirstPieces: random.below(2) * 1_000 }),
  (random) => ({ endgameCopiesMax: 1 + random.below(4), endgameRequestsMax: 1 + random.below(64) }),
  (random) => ({ havesAtOnceMax: random.below(3) }),
  () => ({ metadataSourcesMax: 1, metadataRequestsMax: 1 }),
  (random) => ({ redialFirstMs: 1 + random.below(500), redialMaxMs: 5_000 + random.below(20_000) }),
  (random) => ({ announceRetryFirstMs: 500, announceRetryMaxMs: 5_000 + random.below(60_000) }),
  (random) => ({ banMs: 10_000 + random.below(60_000) }),
  (random) => ({ dialFailuresMax: 1 + random.below(3) }),
  (random) => ({ rejectsMax: 1 + random.below(8) }),
  (random) => ({ unaskedBlocksMax: 16 + random.below(16) }),
  (random) => ({ keepAliveMs: 5_000, idleTimeoutMs: 20_000 + random.below(20_000) }),
  (random) => ({ diskRetryMs: 1 + random.below(2_000) }),
  (random) => ({ peersKnownMax: 40 + random.below(100) }),
  (random) => ({ peersWantedDefault: 1 + random.below(8) }),
];

/**
 * For swarms with content faults: durations of a minute or half an hour by default are short enough to pass
 * within the run.
 */
export function drawHarmLimits(random: Prng): Partial<Limits> {
  if (random.below(2) === 0) return {};
  return { lossRoundMs: 1 + random.below(3_000), seedMemoryMs: 1 + random.below(20_000) };
}

export function drawLimits(random: Prng, pieceBytes: number): Partial<Limits> {
  if (random.below(2) === 0) return {};
  // A few at a time, so that a failure can be attributed.
  const drawn = Array.from({ length: 1 + random.below(4) }, () => knobs[random.below(knobs.length)]!);
  return Object.assign({}, ...drawn.map((knob) => knob(random, pieceBytes)));
}
