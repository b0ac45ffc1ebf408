/**
 * Limits of a drawn plan: the usual ones, or some of them absurdly small. Nothing may rely on a constant being large.
 *
 * Not drawn: the size of tables of peers. With room for two, two useless ones may fill it, and then a swarm stands
 * still with every right.
 */
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';

/** Each is drawn alone; together they keep the relations that the engine asserts. */
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
  // Less would not hold one block of metadata, and who is asked for the next refuses it then.
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

/** For swarms whose files are harmed: what takes a minute or half an hour as a rule is seen within the run. */
export function drawHarmLimits(random: Prng): Partial<Limits> {
  if (random.below(2) === 0) return {};
  return { lossRoundMs: 1 + random.below(3_000), seedMemoryMs: 1 + random.below(20_000) };
}

export function drawLimits(random: Prng, pieceBytes: number): Partial<Limits> {
  if (random.below(2) === 0) return {};
  // A few at a time: what breaks then can be told from what would break anyway.
  const drawn = Array.from({ length: 1 + random.below(4) }, () => knobs[random.below(knobs.length)]!);
  return Object.assign({}, ...drawn.map((knob) => knob(random, pieceBytes)));
}
