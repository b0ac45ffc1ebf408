/**
 * A torrent as people give it to commands that need its files: from a file or an address, or what a tracker lists, by its
 * number in the last list or its id. A file of that name comes first.
 */
import { existsSync } from 'node:fs';
import { plain } from '../commands/making/torrent-summary.ts';
import type { ReleaseRights } from '../results/catalogue-source.ts';
import { isNumber, isReleaseId } from '../results/release-names.ts';
import { interruption } from '../screen/interruption.ts';
import type { Output } from '../screen/output.ts';
import { type LoadedTorrent, loadTorrent, torrentPositional } from './torrent-source.ts';

/** For the help of every command that takes one. */
export const givenPositional = {
  ...torrentPositional,
  describe: `${torrentPositional.describe}; or its number in the last list`,
} as const;

/** A song of the last list is a file of its torrent. */
export interface GivenTorrent extends Omit<LoadedTorrent, 'bytes'> {
  readonly fileIndex?: number | undefined;
  /** Where they were asked for, and a catalogue tells. */
  readonly rights?: ReleaseRights | undefined;
}

/** Undefined for what is neither a number nor an id, and for files. `tracker`: where an id is known. */
export async function listedTorrent(
  source: string,
  output: Output,
  {
    signal = interruption(),
    tracker,
    wantsRights,
  }: {
    readonly signal?: AbortSignal;
    readonly tracker?: string | undefined;
    readonly wantsRights?: boolean;
  } = {},
): Promise<GivenTorrent | undefined> {
  if (!isNumber(source) && !isReleaseId(source)) return undefined;
  if (existsSync(source)) {
    output.remark(`${plain(source)} is a file here, and that is what is taken.`);
    return undefined;
  }
  // What talks to catalogues is loaded for those who do.
  const { releaseTorrentOf } = await import('../results/catalogue-source.ts');
  return { ...(await releaseTorrentOf(source, { tracker, signal, wantsRights })), source };
}

/** Throws CliError, MetainfoError or TrackerError, or the reason of the signal. */
export async function givenTorrent(
  source: string,
  signal: AbortSignal,
  output: Output,
  tracker?: string,
): Promise<GivenTorrent> {
  return (await listedTorrent(source, output, { signal, tracker })) ?? (await loadTorrent(source, signal));
}
