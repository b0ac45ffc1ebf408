/**
 * Draws a storage run of one or two themes, each at its critical moments (draw-moments.ts). A run that draws
 * from everything seldom has two rare events at once.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Randomness } from '../kernel/randomness.ts';
import { type CallKind, failures } from '../world/file-system/drive-temper.ts';
import { drawSmallAlbum } from './album.ts';
import { anyOf, drawMoments, type Theme, themes } from './draw-moments.ts';
import type { LifeEnd, LifePlan, StoragePlan } from './storage-plan.ts';

/** `given`: these themes instead of drawn ones. */
export function drawThemed(seed: number, randomness: Randomness, given?: readonly Theme[]): StoragePlan {
  const random = randomness.of('storage theme');
  const first = anyOf(random, themes);
  const second = random.below(3) > 0 ? anyOf(random, themes) : first;
  const chosen = new Set<Theme>(given ?? [first, second]);
  const isOfNames = chosen.has('others-at-name');
  const isSlowToRead = chosen.has('others-between-writes') && random.below(2) === 0;
  const plan: StoragePlan = {
    seed,
    album: drawSmallAlbum(randomness.of('storage album')),
    drive: {
      device: 42n,
      tickMs: anyOf(random, [1, 1, 4, 10]),
      // Inode numbers are reused only on a journalled drive.
      isJournalled: random.below(chosen.has('others-at-rest') || chosen.has('others-at-flush') ? 4 : 2) > 0,
      isOrdered: random.below(2) === 0,
    },
    descriptorsArePaths: random.below(3) > 0,
    hasNoLinks: random.below(isOfNames ? 2 : 6) === 0,
    dropsUnsynced: chosen.has('sync-fails') ? random.below(4) > 0 : random.below(2) === 0,
    shortWritesPpm: anyOf(random, [0, 0, 0, 200_000]),
    journalPace: {
      flushMs: anyOf(random, isSlowToRead ? [30] : [30, 30, 100, 400]),
      flushBytes: anyOf(random, [16_384, 16_384, 50_000, Number.POSITIVE_INFINITY]),
    },
    syncMsMax: anyOf(random, isSlowToRead ? [3] : [3, 15, 60]),
    jobMsMax: anyOf(random, isSlowToRead ? [40] : [3, 11, 40]),
    wantedPerMille: chosen.has('choices') || random.below(8) === 0 ? random.below(900) : 1_000,
    lives: Array.from({ length: 1 + random.below(4) }, () => drawLife(random, chosen)),
  };
  return chosen.has('goes-on') ? { ...plan, lives: goingOn(random, plan.lives) } : plan;
}

function drawLife(random: Prng, chosen: ReadonlySet<Theme>): LifePlan {
  const moments = [...chosen].flatMap((theme) =>
    Array.from({ length: 1 + random.below(4) }, () => drawMoments(random, theme)),
  );
  const isPoor = chosen.has('calls-fail') && random.below(4) === 0;
  const isOfFailures = chosen.has('sync-fails') || chosen.has('calls-fail') || chosen.has('fails-at-stop');
  return {
    end: drawShortEnd(random),
    failPpm: drawFailing(random, chosen),
    failsOn: isOfFailures && random.below(4) > 0 ? 'parts' : 'all',
    deedsAtMs: [],
    ambushPpm: chosen.has('others-at-name') ? anyOf(random, [0, 30_000, 200_000]) : 0,
    paceMs: anyOf(random, chosen.has('others-between-writes') ? [100, 200] : [5, 20, 20, 100]),
    selectAtMs: undefined,
    capacityBytes: isPoor ? random.below(100_000) : Number.POSITIVE_INFINITY,
    descriptorsMax: Number.POSITIVE_INFINITY,
    moments: moments.flat(),
    deedsAtRest: chosen.has('others-at-rest') ? random.below(4) : 0,
  };
}

/**
 * Drawn lives, which are killed early, alternate with lives that resume where nothing may be left to
 * download.
 */
function goingOn(random: Prng, lives: readonly LifePlan[]): LifePlan[] {
  return lives.map((life, number) => {
    if (number % 2 === 0) return life;
    const how = anyOf(random, ['kill', 'cut', 'stop'] as const);
    const atMs = 1_500 + random.below(2_500);
    const end: LifeEnd = how === 'cut' ? { how, atStep: 1 + random.below(5), fromMs: atMs } : { how, atMs };
    return { ...life, end, moments: [] };
  });
}

/** A small album is complete within a second. */
function drawShortEnd(random: Prng): LifeEnd {
  const how = anyOf(random, [
    'cut',
    'cut-at-record',
    'cut-at-record',
    'kill',
    'stop',
    'stop',
    'stop',
  ] as const);
  if (how === 'cut-at-record') return { how, nth: 1 + random.below(5), steps: random.below(14) };
  if (how === 'cut') return { how, atStep: 1 + random.below(30), fromMs: random.below(800) };
  return { how, atMs: random.below(random.below(4) === 0 ? 4_000 : 800) };
}

function drawFailing(random: Prng, chosen: ReadonlySet<Theme>): LifePlan['failPpm'] {
  const ppm: Partial<Record<CallKind, number>> = {};
  if (chosen.has('sync-fails')) ppm.sync = anyOf(random, [0, 100_000, 300_000]);
  if (chosen.has('calls-fail'))
    ppm[anyOf(random, Object.keys(failures) as CallKind[])] = anyOf(random, [20_000, 100_000, 300_000]);
  return ppm;
}
