/**
 * Which torrents `create` makes of its paths, and where each goes: one a path, or one an album inside it.
 *
 * Invariant: all targets differ, and each was looked at before anything is hashed.
 */
import { resolve, sep } from 'node:path';
import { type Album, findAlbums } from '../../torrents/albums.ts';
import type { CreateOptions, Skipped } from '../../torrents/create.ts';
import { badOption, CliError } from './cli-error.ts';
import { remarkSkipped } from './create-options.ts';
import type { Output } from './output.ts';
import { torrentOutput } from './torrent-output.ts';
import { plain } from './torrent-summary.ts';
import { count } from './wording.ts';

export interface CreateJob {
  readonly path: string;
  readonly options: CreateOptions;
  /** The torrent file to write; undefined when there is none to write. */
  readonly target: string | undefined;
  /** Of what the scan left out, what was not put into another torrent instead. */
  readonly skippedHere: (skipped: readonly Skipped[]) => readonly Skipped[];
}

interface JobSettings {
  readonly 'per-album'?: boolean | undefined;
  readonly name?: string | undefined;
  readonly force?: boolean | undefined;
  /** A torrent file, a folder, or - for stdout; undefined when nothing is written. */
  readonly place: string | undefined;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Throws CliError, and CreateError for a path that cannot be looked through. */
export async function createJobs(
  paths: readonly string[],
  options: CreateOptions,
  settings: JobSettings,
): Promise<CreateJob[]> {
  const wishes: Omit<CreateJob, 'target'>[] = [];
  for (const path of paths) {
    if (settings['per-album']) wishes.push(...(await albumJobs(path, options, settings)));
    else wishes.push({ path, options, skippedHere: (skipped) => skipped });
  }
  const { place } = settings;
  const flagForOne = place === '-' ? '--output -' : settings.name !== undefined ? '--name' : undefined;
  if (wishes.length > 1 && flagForOne !== undefined) {
    const given = settings['per-album'] ? 'albums were found' : 'paths are given';
    throw badOption(`${flagForOne}: that is for one torrent, and ${wishes.length} ${given}`);
  }
  if (place === undefined || place === '-') return wishes.map((wish) => ({ ...wish, target: undefined }));

  const names = torrentNames(wishes.map(({ path }) => path));
  const jobs: CreateJob[] = [];
  for (const [index, wish] of wishes.entries()) {
    const name = settings.name ?? names[index];
    const target = await torrentOutput(wish.path, { ...settings, output: place, name });
    if (jobs.some((other) => resolve(other.target!) === resolve(target))) {
      throw badOption(`--output: ${wishes.length} torrents cannot all go to ${target}; give it a folder`);
    }
    jobs.push({ ...wish, target });
  }
  return jobs;
}

async function albumJobs(path: string, options: CreateOptions, { output, signal }: JobSettings) {
  const { albums, leftOut, skipped } = await findAlbums(path, options, signal);
  if (albums.length === 0) throw new CliError('create-nothing', `${path} holds no album: no audio was found`);
  remarkSkipped(skipped, output);
  if (leftOut.length > 0) {
    output.remark(
      `Left out: ${count(leftOut.length, 'file')} outside of all albums, like ${plain(leftOut[0]!)}`,
    );
  }
  const known = new Set(skipped.map((entry) => entry.path));
  return albums.map((album: Album) => ({
    path: album.path,
    options: { ...options, wanted: album.wanted },
    // All of it has been told, for the whole collection; in the document of an album stands what lies in its folder.
    skippedHere: (those: readonly Skipped[]) =>
      output.json ? those.filter((entry) => known.has(entry.path)) : [],
  }));
}

/** For each path the last part of it; where two are the same, as much before it as tells them apart. */
function torrentNames(paths: readonly string[]): string[] {
  const whole = paths.map((path) => resolve(path).split(sep));
  const depths = whole.map(() => 1);
  const nameAt = (index: number) => whole[index]!.slice(-depths[index]!).join(' - ');
  for (;;) {
    const byName = new Map<string, number[]>();
    for (const index of whole.keys())
      byName.set(nameAt(index), [...(byName.get(nameAt(index)) ?? []), index]);
    const deeper = [...byName.values()]
      .filter((same) => same.length > 1)
      .flat()
      .filter((index) => depths[index]! < whole[index]!.length);
    if (deeper.length === 0) return whole.map((_, index) => nameAt(index));
    for (const index of deeper) depths[index]!++;
  }
}
