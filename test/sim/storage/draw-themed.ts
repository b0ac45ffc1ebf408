/**
 * A seed → a storage run that looks for trouble: two themes, each at the moments where it hurts. A run of everything a
 * little seldom meets two rare things at once.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Randomness } from '../kernel/randomness.ts';
import { type CallKind, failures } from '../world/file-system/sim-files.ts';
import { drawSmallAlbum } from './album.ts';
import type { Moment, MomentDeed, PlaceKind } from './moments.ts';
import type { LifeEnd, LifePlan, StoragePlan } from './storage-plan.ts';
import { type Deed, deeds } from './strangers.ts';

/**
 * `others-at-flush`: others act while the journal forces files to the disk; `others-at-name`: when a file gets its name;
 * `others-at-rest`: between two lives; `sync-fails`: fsyncs fail, and drop what they should have saved; `choices`: the
 * user wants other files; `calls-fail`: one kind of calls does; `ends`: lives end at the worst moments.
 */
const themes = [
  'others-at-flush',
  'others-at-name',
  'others-at-rest',
  'sync-fails',
  'sync-fails',
  'calls-fail',
  'ends',
] as const;
type Theme = (typeof themes)[number] | 'choices';

/** A new file with the inode number of the part is taken for it now and then: seed 2101985 of 30 November. */
const usualDeeds = deeds.filter((deed) => deed !== 'recreate');

const anyOf = <T>(random: Prng, list: readonly T[]): T => list[random.below(list.length)]!;

export function drawThemed(seed: number, randomness: Randomness): StoragePlan {
  const random = randomness.of('storage theme');
  const first = anyOf(random, themes);
  const chosen = new Set<Theme>([first, random.below(3) > 0 ? anyOf(random, themes) : first]);
  const isOfNames = chosen.has('others-at-name');
  return {
    seed,
    album: drawSmallAlbum(randomness.of('storage album')),
    drive: {
      device: 42n,
      tickMs: anyOf(random, [1, 1, 4, 10]),
      // Only there an inode number is used again.
      isJournalled: random.below(chosen.has('others-at-rest') || chosen.has('others-at-flush') ? 4 : 2) > 0,
      isOrdered: random.below(2) === 0,
    },
    descriptorsArePaths: random.below(3) > 0,
    hasNoLinks: random.below(isOfNames ? 2 : 6) === 0,
    dropsUnsynced: chosen.has('sync-fails') ? random.below(4) > 0 : random.below(2) === 0,
    journalPace: {
      flushMs: anyOf(random, [30, 30, 100, 400]),
      flushBytes: anyOf(random, [16_384, 16_384, 50_000, Number.POSITIVE_INFINITY]),
    },
    syncMsMax: anyOf(random, [3, 15, 60]),
    jobMsMax: anyOf(random, [3, 11, 40]),
    wantedPerMille: chosen.has('choices') ? random.below(900) : 1_000,
    lives: Array.from({ length: 1 + random.below(4) }, () => drawLife(random, chosen)),
  };
}

function drawLife(random: Prng, chosen: ReadonlySet<Theme>): LifePlan {
  const moments = [...chosen].flatMap((theme) =>
    Array.from({ length: 1 + random.below(4) }, () => drawMoment(random, theme)),
  );
  const isPoor = chosen.has('calls-fail') && random.below(4) === 0;
  return {
    end: drawShortEnd(random),
    failPpm: drawFailing(random, chosen),
    deedsAtMs: [],
    ambushPpm: chosen.has('others-at-name') ? anyOf(random, [0, 30_000, 200_000]) : 0,
    paceMs: anyOf(random, [5, 20, 20, 100]),
    selectAtMs: undefined,
    capacityBytes: isPoor ? random.below(100_000) : Number.POSITIVE_INFINITY,
    descriptorsMax: Number.POSITIVE_INFINITY,
    moments: moments.filter((moment) => moment !== undefined),
    deedsAtRest: chosen.has('others-at-rest') ? random.below(4) : 0,
  };
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

const when = (
  random: Prng,
  call: Moment['call'],
  on: PlaceKind,
  nthMax: number,
  act: MomentDeed,
): Moment => ({
  call,
  on,
  nth: 1 + random.below(nthMax),
  delayMs: random.below(2) === 0 ? random.below(4) : random.below(40),
  act,
});

function drawMoment(random: Prng, theme: Theme): Moment | undefined {
  switch (theme) {
    case 'others-at-flush': {
      // The journal opens a file, looks at it, forces it to the disk, and begins its record.
      const [call, on] = anyOf(random, [
        ['open', 'part'],
        ['look', 'part'],
        ['sync', 'part'],
        ['open', 'record'],
        ['sync', 'record'],
        ['sync', 'side'],
        ['sync', 'home'],
      ] as const);
      const deed = anyOf<Deed>(random, [...usualDeeds, 'delete', 'disguise', 'change', 'return']);
      return when(random, call, on, 8, { what: 'deed', deed, isThere: random.below(4) > 0 });
    }
    case 'others-at-name': {
      const deed = anyOf<Deed>(random, [
        'put',
        'put',
        'replace',
        'recreate',
        'append',
        'change',
        'move',
        'return',
      ]);
      return when(
        random,
        anyOf(random, ['write', 'open', 'look']),
        anyOf(random, ['part', 'part', 'home']),
        20,
        {
          what: 'deed',
          deed,
          isThere: true,
        },
      );
    }
    case 'sync-fails':
      return when(random, anyOf(random, ['open', 'write', 'sync']), anyOf(random, ['part', 'record']), 10, {
        what: 'fail',
        kind: 'sync',
        forMs: 1 + random.below(60),
      });
    case 'choices':
      return when(
        random,
        anyOf(random, ['open', 'write', 'sync', 'look']),
        anyOf(random, ['part', 'side', 'side', 'record']),
        8,
        { what: 'select', perMille: anyOf(random, [300, 700, 1_000]) },
      );
    case 'calls-fail': {
      const kind = anyOf(random, Object.keys(failures) as CallKind[]);
      const act = { forMs: 1 + random.below(100) };
      return when(
        random,
        anyOf(random, ['open', 'write', 'sync', 'look', 'name']),
        anyOf(random, ['part', 'record']),
        15,
        random.below(4) === 0 ? { what: 'full', ...act } : { what: 'fail', kind, ...act },
      );
    }
    case 'ends': {
      const on = anyOf(random, ['part', 'home', 'side', 'record'] as const);
      const call = anyOf(random, ['open', 'write', 'sync', 'name', 'look'] as const);
      const how = anyOf(random, ['cut', 'cut', 'kill', 'stop'] as const);
      return when(
        random,
        call,
        on,
        12,
        how === 'cut' ? { what: how, steps: 1 + random.below(4) } : { what: how },
      );
    }
    case 'others-at-rest':
      return undefined;
  }
}
