/**
 * Reads which releases of a tracker's catalogue to download: by numbers of listed results, or by ids. Each
 * becomes the torrent that its publisher signed, with the existing files of an earlier version.
 *
 * Left to others: torrents by files, addresses and hashes (wanted-torrent.ts).
 */
import { existsSync } from 'node:fs';
import { count } from '../../../torrents/wording.ts';
import { releaseDetail } from '../../../tracker/protocol/api/release-shapes.ts';
import { openAccount, type TrackerAccount } from '../../account/account.ts';
import { lastTracker } from '../../account/last-tracker.ts';
import { apiPath } from '../../account/tracker-client.ts';
import {
  type ReleaseAsked,
  type Songs,
  type WantedRelease,
  wantedRelease,
} from '../../session/releases/wanted-release.ts';
import type { FetchedRelease } from '../../sharing/fetched-releases.ts';
import { fetchReleaseTorrent } from '../../sharing/release-torrent.ts';
import { CliError } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { stateFolder } from '../options/user-folders.ts';
import type { Output } from '../screen/output.ts';
import type { KnownTorrent } from '../sources/wanted-torrent.ts';
import { isNumbers, isReleaseId, resultsAt } from './release-names.ts';

export interface CatalogueAsked {
  /** The parent folder of the release's folder. */
  readonly folder: string;
  /** Instead of the tracker used last. Results have their own tracker. */
  readonly tracker: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Words that are neither numbers nor ids are returned in `others`. An existing file of that name has
 * priority.
 */
export async function readCatalogueSources(
  sources: readonly string[],
  asked: CatalogueAsked,
  output: Output,
): Promise<{ readonly wanted: readonly KnownTorrent[]; readonly others: readonly string[] }> {
  const state = stateFolder();
  const others: string[] = [];
  /** Keyed by tracker and release: the whole release, or songs of one version. */
  const wishes = new Map<string, { tracker: string; releaseId: string; songs: Songs | undefined }>();
  const wish = (
    tracker: string,
    releaseId: string,
    song: { version: number; fileIndex: number } | undefined,
  ) => {
    const key = `${tracker} ${releaseId}`;
    const known = wishes.get(key);
    if (song === undefined || (known !== undefined && known.songs === undefined)) {
      wishes.set(key, { tracker, releaseId, songs: undefined });
      return;
    }
    const files = new Set([...(known?.songs?.files ?? []), song.fileIndex]);
    wishes.set(key, { tracker, releaseId, songs: { version: song.version, files } });
  };
  for (const source of sources) {
    const isNumber = isNumbers(source);
    if (!isNumber && !isReleaseId(source)) others.push(source);
    else if (existsSync(source)) {
      output.remark(`${plain(source)} is a file here, and that is what is taken.`);
      others.push(source);
    } else if (isNumber) {
      const { tracker, results } = await resultsAt(source, state);
      for (const { releaseId, song } of results) wish(tracker, releaseId, song);
    } else wish(asked.tracker ?? (await knownTracker(state)), source, undefined);
  }
  const wanted: KnownTorrent[] = [];
  for (const { tracker, releaseId, songs } of wishes.values()) {
    const account = await openAccount({ stateFolder: state, tracker, signal: asked.signal });
    try {
      wanted.push(await readRelease({ account, releaseId, songs, folder: asked.folder }, output));
    } finally {
      await account.close();
    }
  }
  return { wanted, others };
}

export interface TorrentAsked extends Pick<CatalogueAsked, 'tracker' | 'signal'> {
  readonly wantsRights?: boolean | undefined;
}

/** According to its tags. */
export interface ReleaseRights {
  readonly licence: string | undefined;
  readonly copyright: string | undefined;
}

interface ListedRelease extends Pick<KnownTorrent, 'metainfo' | 'trust'> {
  readonly fileIndex: number | undefined;
  readonly rights: ReleaseRights | undefined;
}

async function rightsOf(account: TrackerAccount, releaseId: string): Promise<ReleaseRights> {
  const path = apiPath`/releases/${releaseId}`;
  const { licence, copyright } = await account.call({ path, answer: releaseDetail });
  return { licence, copyright };
}

/**
 * The torrent of one result or release, signed by its publisher; with `fileIndex` when the result is a song.
 */
export async function releaseTorrentOf(
  source: string,
  { tracker, signal, wantsRights = false }: TorrentAsked,
): Promise<ListedRelease> {
  const state = stateFolder();
  const listed = isNumbers(source) ? await resultsAt(source, state) : undefined;
  const { releaseId, song } = listed?.results[0] ?? { releaseId: source };
  const at = listed?.tracker ?? tracker ?? (await knownTracker(state));
  const account = await openAccount({ stateFolder: state, tracker: at, signal });
  try {
    const { metainfo } = await fetchReleaseTorrent(account, releaseId, { version: song?.version });
    const rights = wantsRights ? await rightsOf(account, releaseId) : undefined;
    return { metainfo, trust: { origin: new URL(account.url).origin }, fileIndex: song?.fileIndex, rights };
  } finally {
    await account.close();
  }
}

/**
 * Downloads the latest version into `folder`, even when the songs were found in an older one. Throws
 * TrackerError and CliError.
 */
async function readRelease(asked: Omit<ReleaseAsked, 'stateFolder'>, output: Output): Promise<KnownTorrent> {
  const wanted = await wantedRelease({ ...asked, stateFolder: stateFolder() });
  tellRelease(wanted, output);
  const { torrent, trust, songs, upgradeFrom, remember } = wanted;
  const { metainfo } = torrent;
  if (songs !== 'gone') return { metainfo, trust, songs, upgradeFrom, remember };
  const message = `${plain(metainfo.name)} has changed since that search, and the song has gone or has another name: search again`;
  throw new CliError('result-not-found', message);
}

/** Call before the download starts. */
export function tellRelease(wanted: WantedRelease, output: Output): void {
  const { torrent, upgradeFrom } = wanted;
  const { publicKey, publisher } = torrent;
  if (publicKey === undefined) {
    output.remark(`${plain(publisher)} has no key: it cannot be verified that they published this.`);
  }
  if (upgradeFrom !== undefined) tellUpgrade(upgradeFrom, wanted, output);
}

function tellUpgrade(earlier: FetchedRelease, { torrent, left }: WantedRelease, output: Output): void {
  const { metainfo, version } = torrent;
  output.remark(
    `Version ${earlier.version} of ${plain(metainfo.name)} is here: only what version ${version} changes is fetched.`,
  );
  const [first] = left;
  if (first === undefined) return;
  const names = `${plain(first.components.join('/'))}${left.length > 1 ? ' …' : ''}`;
  output.remark(`Not in it any more, and left where it is: ${count(left.length, 'file')} (${names})`);
}

async function knownTracker(state: string): Promise<string> {
  const tracker = await lastTracker(state);
  if (tracker !== undefined) return tracker;
  throw new CliError('tracker-unknown', 'that is the id of a release: say at which tracker with --tracker');
}
