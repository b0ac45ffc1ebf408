/** Draws a plan from a seed: sessions, their torrents, and the commands of their users. */
import type { Prng } from '../../../client/engine/prng.ts';
import { Randomness } from '../kernel/randomness.ts';
import type { DriveOptions } from '../world/file-system/drive.ts';

/** A command to a session. Without effect if its transfer is not in the list. */
export type Deed =
  | {
      readonly what: 'add';
      readonly how: 'torrent' | 'magnet' | 'share';
      readonly place: string;
      readonly isPaused: boolean;
      /** Bits of wanted files; undefined: all. */
      readonly mask: number | undefined;
    }
  | { readonly what: 'pause' | 'resume' | 'remove' | 'erase' | 'recheck' }
  | { readonly what: 'move'; readonly place: string }
  | { readonly what: 'select'; readonly mask: number }
  | { readonly what: 'order'; readonly isSequential: boolean }
  | { readonly what: 'enough'; readonly ratioMax: number }
  | { readonly what: 'rates'; readonly uploadBpsMax: number; readonly downloadBpsMax: number }
  | { readonly what: 'queue'; readonly downloadsMax: number; readonly sharesMax: number }
  | { readonly what: 'place'; readonly place: number }
  /** The program closes or is killed, or the power is cut at the nth call to the list's disk. */
  | { readonly what: 'close' | 'kill'; readonly restMs: number }
  | { readonly what: 'cut'; readonly steps: number; readonly restMs: number }
  /** The list's disk refuses calls, or is full, for this time. */
  | { readonly what: 'refuse' | 'full'; readonly forMs: number };

export interface TimedDeed {
  /** The pause after the command before. */
  readonly afterMs: number;
  readonly session: number;
  /** The index of the torrent. */
  readonly torrent: number;
  readonly deed: Deed;
}

export interface SessionPlan {
  readonly seed: number;
  readonly torrents: number;
  /** The upload rate of each of the two seeds, in bytes per ms. */
  readonly seedUp: number;
  readonly drive: DriveOptions;
  /** By session: which torrents the user has in `sharePlace` from the start. */
  readonly owned: readonly (readonly boolean[])[];
  readonly deeds: readonly TimedDeed[];
}

export const sharePlace = '/music';
const places = ['/home/a', '/home/b', '/home/c'];

export function drawSessionPlan(seed: number): SessionPlan {
  const random = new Randomness(seed).of('session plan');
  const sessions = 1 + random.below(3);
  const torrents = 2 + random.below(4);
  let [session, torrent] = [0, 0];
  const deeds = Array.from({ length: 20 + random.below(50) }, () => {
    // Successive commands are mostly for the same session and often for the same torrent.
    if (random.below(5) === 0) session = random.below(sessions);
    if (random.below(2) === 0) torrent = random.below(torrents);
    return { afterMs: drawPause(random), session, torrent, deed: drawDeed(random) };
  });
  return {
    seed,
    torrents,
    seedUp: 10 + random.below(100),
    drive: { device: 1n, tickMs: 4, isJournalled: random.below(2) === 0, isOrdered: random.below(2) === 0 },
    owned: Array.from({ length: sessions }, () =>
      Array.from({ length: torrents }, () => random.below(3) === 0),
    ),
    deeds,
  };
}

/** A third of the commands follow at once, and a third within 60 ms, while the last one may be under way. */
function drawPause(random: Prng): number {
  return [0, 0, random.below(60), random.below(60), random.below(2_000), random.below(12_000)][
    random.below(6)
  ]!;
}

function drawDeed(random: Prng): Deed {
  const draw = draws[random.below(draws.length)]!;
  return draw(random);
}

const drawPlace = (random: Prng) => places[random.below(places.length)]!;

const add = (random: Prng): Deed => ({
  what: 'add',
  how: (['torrent', 'torrent', 'magnet', 'share'] as const)[random.below(4)]!,
  place: drawPlace(random),
  isPaused: random.below(4) === 0,
  mask: random.below(4) === 0 ? 1 + random.below(15) : undefined,
});
const pause = (): Deed => ({ what: 'pause' });
const resume = (): Deed => ({ what: 'resume' });
const move = (random: Prng): Deed => ({ what: 'move', place: drawPlace(random) });
const queue = (random: Prng): Deed => ({
  what: 'queue',
  downloadsMax: random.below(3),
  sharesMax: random.below(3),
});

/** Commands that are listed several times are drawn more often. */
const draws: readonly ((random: Prng) => Deed)[] = [
  ...[add, add, add, add, add, add, pause, pause, resume, resume, resume, move, move, move, queue, queue],
  () => ({ what: 'remove' }),
  () => ({ what: 'erase' }),
  () => ({ what: 'recheck' }),
  () => ({ what: 'recheck' }),
  (random) => ({ what: 'select', mask: 1 + random.below(15) }),
  (random) => ({ what: 'order', isSequential: random.below(2) === 0 }),
  (random) => ({ what: 'enough', ratioMax: random.below(3) / 2 }),
  (random) => ({ what: 'rates', uploadBpsMax: drawRate(random), downloadBpsMax: drawRate(random) }),
  (random) => ({ what: 'place', place: random.below(4) }),
  (random) => ({ what: 'place', place: random.below(4) }),
  (random) => ({ what: 'close', restMs: 100 + random.below(4_000) }),
  (random) => ({ what: 'kill', restMs: 100 + random.below(4_000) }),
  (random) => ({ what: 'cut', steps: 1 + random.below(40), restMs: 100 + random.below(4_000) }),
  (random) => ({ what: 'refuse', forMs: random.below(30_000) }),
  (random) => ({ what: 'full', forMs: random.below(30_000) }),
];

function drawRate(random: Prng): number {
  return random.below(3) === 0 ? 0 : 20_000 + random.below(200_000);
}
