/**
 * A torrent for commands that need its metadata: from a file, an address, or a tracker's catalogue, by number
 * in the last list or by id. An existing file of that name has priority.
 */
import { existsSync } from 'node:fs';
import { plain } from '../commands/making/torrent-summary.ts';
import type { ReleaseRights } from '../results/catalogue-source.ts';
import { isNumber, isReleaseId } from '../results/release-names.ts';
import { interruption } from '../screen/interruption.ts';
import type { Output } from '../screen/output.ts';
import { type LoadedTorrent, loadTorrent, torrentPositional } from './torrent-source.ts';

/** The argument of every command that takes one torrent. */
export const givenPositional = {
  ...torrentPositional,
  describe: `${torrentPositional.describe}; or its number in the last list`,
} as const;

/** With the index of the file when the result is a song. */
export interface GivenTorrent extends Omit<LoadedTorrent, 'bytes'> {
  readonly fileIndex?: number | undefined;
  /** Present when they were requested and a catalogue has them. */
  readonly rights?: ReleaseRights | undefined;
}

/**
 * Undefined for files, and for words that are neither number nor id. `tracker`: the tracker that knows the
 * id.
 */
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
  // The code that talks to catalogues is loaded only here.
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
