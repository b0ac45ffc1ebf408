/** The plan of a storage run: one download over several lives, and every fault. */
import type { Prng } from '../../../client/engine/prng.ts';
import type { FileChoice } from '../../../client/host/file-selection.ts';
import type { JournalPace } from '../../../client/host/resume/resume-journal.ts';
import type { Randomness } from '../kernel/randomness.ts';
import type { DriveOptions } from '../world/file-system/drive.ts';
import {
  type CallKind,
  type DriveTemper,
  failures,
  healthyDrive,
} from '../world/file-system/drive-temper.ts';
import { type Album, drawAlbum } from './album.ts';
import type { Moment } from './moments.ts';

/**
 * `cut`: the power is cut before a call, counted from the start or from a time; `cut-at-record`: `steps`
 * calls after the `nth` record is begun (1 is the first); `kill`: the program is killed; `stop`: its user
 * stops it.
 */
export type LifeEnd =
  | { readonly how: 'cut'; readonly atStep: number; readonly fromMs?: number }
  | { readonly how: 'cut-at-record'; readonly nth: number; readonly steps: number }
  | { readonly how: 'kill' | 'stop'; readonly atMs: number };

export interface LifePlan {
  readonly end: LifeEnd;
  /** Failing calls in a million, by kind. */
  readonly failPpm: Partial<Record<CallKind, number>>;
  /**
   * `parts`: only calls on parts and on the part file of unwanted data fail, so that records are still
   * written.
   */
  readonly failsOn?: 'parts' | 'all';
  /** The times at which other programs act. */
  readonly deedsAtMs: readonly number[];
  /** Calls in a million before which another program replaces the file. */
  readonly ambushPpm: number;
  readonly selectAtMs: number | undefined;
  /** The longest pause between two calls of the engine's stand-in, in ms. */
  readonly paceMs: number;
  readonly capacityBytes: number;
  readonly descriptorsMax: number;
  readonly moments: readonly Moment[];
  /** Actions of other programs after this life, while no program runs. */
  readonly deedsAtRest: number;
}

export interface StoragePlan {
  readonly seed: number;
  readonly album: Album;
  readonly drive: DriveOptions;
  readonly descriptorsArePaths: boolean;
  readonly hasNoLinks: boolean;
  readonly dropsUnsynced: boolean;
  /** Writes in a million that write only a part of their bytes. */
  readonly shortWritesPpm?: number;
  readonly journalPace: JournalPace;
  readonly syncMsMax: number;
  readonly jobMsMax: number;
  /** The first selection of files: this many of a thousand are wanted. */
  readonly wantedPerMille: number;
  readonly lives: readonly LifePlan[];
}

/** Draws from everything. */
export function drawAnything(seed: number, randomness: Randomness): StoragePlan {
  const random = randomness.of('storage plan');
  const album = drawAlbum(randomness.of('storage album'));
  const hasStrangers = random.below(3) === 0;
  const hasFaults = random.below(3) === 0;
  return {
    seed,
    album,
    drive: {
      device: 42n,
      tickMs: [1, 1, 4, 10][random.below(4)]!,
      isJournalled: random.below(2) === 0,
      isOrdered: random.below(2) === 0,
    },
    descriptorsArePaths: random.below(3) > 0,
    hasNoLinks: random.below(8) === 0,
    dropsUnsynced: random.below(2) === 0,
    syncMsMax: 3,
    jobMsMax: 11,
    // A drawn album is smaller than one piece of a large torrent, so its journal is faster by the same
    // factor.
    journalPace: {
      flushMs: [30, 100, 400, 2_000][random.below(4)]!,
      flushBytes: [16_384, 50_000, Number.POSITIVE_INFINITY][random.below(3)]!,
    },
    wantedPerMille: random.below(3) === 0 ? random.below(1_000) : 1_000,
    lives: Array.from({ length: 1 + random.below(5) }, () => drawLife(random, hasStrangers, hasFaults)),
  };
}

/** Whether calls may fail in this life. */
export function canFail({ failPpm, capacityBytes, descriptorsMax, moments }: LifePlan): boolean {
  const isPoor = Number.isFinite(capacityBytes) || Number.isFinite(descriptorsMax);
  return (
    isPoor ||
    Object.keys(failPpm).length > 0 ||
    moments.some(({ act }) => act.what === 'fail' || act.what === 'full')
  );
}

function drawLife(random: Prng, hasStrangers: boolean, hasFaults: boolean): LifePlan {
  const isPoor = hasFaults && random.below(3) === 0;
  return {
    end: drawEnd(random),
    failPpm: hasFaults ? drawFailures(random) : {},
    deedsAtMs: hasStrangers ? Array.from({ length: random.below(7) }, () => random.below(3_000)) : [],
    ambushPpm: hasStrangers ? [0, 2_000, 30_000][random.below(3)]! : 0,
    paceMs: [20, 20, 150, 600, 1_500][random.below(5)]!,
    selectAtMs: random.below(4) === 0 ? random.below(4_000) : undefined,
    capacityBytes: isPoor ? random.below(200_000) : Number.POSITIVE_INFINITY,
    descriptorsMax: hasFaults && random.below(4) === 0 ? 4 + random.below(12) : Number.POSITIVE_INFINITY,
    moments: [],
    deedsAtRest: 0,
  };
}

function drawEnd(random: Prng): LifeEnd {
  const how = (['cut', 'cut', 'cut-at-record', 'kill', 'stop'] as const)[random.below(5)]!;
  if (how === 'cut-at-record') return { how, nth: 1 + random.below(4), steps: random.below(12) };
  if (how === 'cut') {
    if (random.below(3) === 0) return { how, atStep: 1 + random.below(200) };
    return { how, atStep: 1 + random.below(30), fromMs: random.below(9_000) };
  }
  return { how, atMs: random.below(6_000) };
}

function drawFailures(random: Prng): LifePlan['failPpm'] {
  const kinds = Object.keys(failures) as CallKind[];
  const failing = kinds.filter(() => random.below(3) === 0);
  return Object.fromEntries(failing.map((kind) => [kind, [5_000, 50_000, 300_000][random.below(3)]!]));
}

/** Selects this many of a thousand files. */
export function drawChoice({ metainfo }: Album, random: Prng, perMille: number): FileChoice {
  const wanted = metainfo.files.map(() => random.below(1_000) < perMille);
  return ({ index }) => wanted[index] ?? false;
}

/** The disk of one life; `undefined`: a life without faults. */
export function temperOf(
  { hasNoLinks, dropsUnsynced, shortWritesPpm = 0 }: StoragePlan,
  life: LifePlan | undefined,
): DriveTemper {
  return {
    ...healthyDrive(),
    hasNoLinks,
    shortWritesPpm,
    // Unsynced bytes dropped in a life without a power cut are on the disk after all: later programs cannot
    // know of them.
    dropsUnsynced: dropsUnsynced && life !== undefined,
    ...(life && { failPpm: life.failPpm, descriptorsMax: life.descriptorsMax }),
    ...(life?.failsOn === 'parts' && { failsAt: isPart }),
  };
}

const isPart = (at: string): boolean => at.endsWith('.part') || at.endsWith('.cicada-parts');
