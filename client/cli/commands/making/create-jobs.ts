/**
 * Decides which torrents `create` makes of its paths, and where each is written: one per path, or one per
 * album inside it.
 *
 * Invariant: all targets differ, and each is checked before anything is hashed. Of several torrents, one that
 * cannot be made is recorded and stops no other.
 */
import { resolve, sep } from 'node:path';
import { type Album, findAlbums } from '../../../../torrents/create/albums.ts';
import { CreateError, type CreateOptions, type Skipped } from '../../../../torrents/create/create.ts';
import { count } from '../../../../torrents/wording.ts';
import { badOption, CliError } from '../../cli-error.ts';
import { remarkSkipped } from '../../options/create-options.ts';
import type { Output } from '../../screen/output.ts';
import { alreadyThere, isThere, makeOutputFolder, torrentOutput, torrentTarget } from './torrent-output.ts';
import { plain } from './torrent-summary.ts';

export interface CreateJob {
  readonly path: string;
  readonly options: CreateOptions;
  /** The album as found. Without it the size is unknown until the path is scanned. */
  readonly album?: Album;
  /** The torrent file to write; undefined when none is written. */
  readonly target: string | undefined;
  /** The torrent file exists already, which is no error. */
  readonly isThere: boolean;
  /** Why the torrent cannot be made. */
  readonly fault: Error | undefined;
  /** Of the files that the scan left out, those that no other torrent of this run contains. */
  readonly skippedHere: (skipped: readonly Skipped[]) => readonly Skipped[];
}

interface JobSettings {
  readonly 'per-album'?: boolean | undefined;
  readonly name?: string | undefined;
  readonly force?: boolean | undefined;
  readonly 'skip-existing'?: boolean | undefined;
  /** A torrent file, a folder, or `-` for stdout; undefined when nothing is written. */
  readonly place: string | undefined;
  readonly output: Output;
  readonly signal: AbortSignal;
}

type Wish = Pick<CreateJob, 'path' | 'options' | 'album' | 'fault' | 'skippedHere'>;

/** Throws CliError; for a single path also CreateError when it cannot be scanned. */
export async function createJobs(
  paths: readonly string[],
  options: CreateOptions,
  settings: JobSettings,
): Promise<CreateJob[]> {
  const wishes: Wish[] = [];
  // `create Album *` names the same path twice: that makes one torrent.
  for (const path of new Map(paths.map((path) => [resolve(path), path])).values()) {
    if (settings['per-album']) wishes.push(...(await albumWishes(path, paths.length > 1, options, settings)));
    else wishes.push({ path, options, fault: undefined, skippedHere: (skipped) => skipped });
  }
  const { place } = settings;
  const flagForOne = place === '-' ? '--output -' : settings.name !== undefined ? '--name' : undefined;
  if (wishes.length > 1 && flagForOne !== undefined) {
    const given = settings['per-album'] ? 'albums were found' : 'paths are given';
    throw badOption(`${flagForOne}: that is for one torrent, and ${wishes.length} ${given}`);
  }
  if (place === undefined || place === '-') {
    return wishes.map((wish) => ({ ...wish, target: undefined, isThere: false }));
  }

  const forSeveral = settings['per-album'] === true || paths.length > 1;
  const names = torrentNames(wishes.map(({ path }) => path));
  const jobs: CreateJob[] = [];
  const targets = new Set<string>();
  for (const [index, wish] of wishes.entries()) {
    const name = settings.name ?? names[index];
    const job = await placed(wish, { ...settings, output: place, name, forSeveral }, wishes.length > 1);
    jobs.push(job);
    if (job.target === undefined) continue;
    if (targets.has(resolve(job.target))) {
      throw badOption(`--output: ${wishes.length} torrents cannot all go to ${job.target}; give it a folder`);
    }
    targets.add(resolve(job.target));
  }
  if (jobs.some((job) => job.fault === undefined && !job.isThere)) await makeOutputFolder(place, forSeveral);
  return jobs;
}

/** `isOneOfMany`: a fault is recorded instead of thrown. */
async function placed(
  wish: Wish,
  settings: Parameters<typeof torrentTarget>[1] & Pick<JobSettings, 'skip-existing'>,
  isOneOfMany: boolean,
): Promise<CreateJob> {
  const { fault, path } = wish;
  if (fault !== undefined) return { ...wish, target: undefined, isThere: false };
  if (!isOneOfMany && settings['skip-existing'] !== true) {
    return { ...wish, target: await torrentOutput(path, settings), isThere: false };
  }
  const target = await torrentTarget(path, settings).catch((error: unknown) => {
    if (!isOneOfMany || !(error instanceof CliError) || error.code !== 'exists') throw error;
    return error;
  });
  if (target instanceof CliError) return { ...wish, target: undefined, isThere: false, fault: target };
  if (settings.force === true || !(await isThere(target))) return { ...wish, target, isThere: false };
  if (settings['skip-existing'] === true) return { ...wish, target, isThere: true };
  const error = alreadyThere(target, ' leave it with --skip-existing,');
  return { ...wish, target, isThere: false, fault: error };
}

async function albumWishes(
  path: string,
  isOneOfMany: boolean,
  options: CreateOptions,
  { output, signal }: JobSettings,
): Promise<Wish[]> {
  const failed = (at: string, fault: Error): Wish => {
    return { path: at, options, fault, skippedHere: () => [] };
  };
  try {
    const { albums, leftOut, skipped, faults } = await findAlbums(path, options, signal);
    if (albums.length === 0) {
      if (faults.length > 0 && !isOneOfMany) throw faults[0];
      if (faults.length > 0) return faults.map((fault) => failed(fault.path ?? path, fault));
      throw new CliError('create-nothing', `${path} holds no album: no audio was found`);
    }
    remarkSkipped(skipped, output);
    if (leftOut.length > 0) {
      output.remark(
        `Left out: ${count(leftOut.length, 'file')} outside of all albums, like ${plain(leftOut[0]!)}`,
      );
    }
    const known = new Set(skipped.map((entry) => entry.path));
    const found = albums.map((album: Album) => ({
      path: album.path,
      options: { ...options, wanted: album.wanted },
      album,
      fault: undefined,
      // The whole collection was reported above; the JSON of an album lists what its own folder left out.
      skippedHere: (those: readonly Skipped[]) =>
        output.json ? those.filter((entry) => known.has(entry.path)) : [],
    }));
    return [...found, ...faults.map((fault) => failed(fault.path ?? path, fault))];
  } catch (error) {
    const isFault = error instanceof CreateError || error instanceof CliError;
    if (!isOneOfMany || !isFault) throw error;
    return [failed(path, error)];
  }
}

/** The last part of each path; where two are the same, as many parts before it as tell them apart. */
function torrentNames(paths: readonly string[]): string[] {
  const whole = paths.map((path) => resolve(path).split(sep));
  const depths = whole.map(() => 1);
  const nameAt = (index: number) => whole[index]!.slice(-depths[index]!).join(' - ');
  for (;;) {
    const byName = new Map<string, number[]>();
    for (const index of whole.keys()) {
      const same = byName.get(nameAt(index));
      if (same === undefined) byName.set(nameAt(index), [index]);
      else same.push(index);
    }
    const deeper = [...byName.values()]
      .filter((same) => same.length > 1)
      .flat()
      .filter((index) => depths[index]! < whole[index]!.length);
    if (deeper.length === 0) return whole.map((_, index) => nameAt(index));
    for (const index of deeper) depths[index]!++;
  }
}
