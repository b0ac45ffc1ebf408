/**
 * A release of a catalogue, ready to be fetched: its newest torrent, signed by its publisher; the earlier
 * version on disk, if any; and the files of the wanted songs.
 */
import { existsSync } from 'node:fs';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { TrackerAccount } from '../../account/account.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import { leftBehind } from '../../host/upgrade.ts';
import { type FetchedRelease, loadFetched, saveFetched } from '../../sharing/fetched-releases.ts';
import { fetchReleaseTorrent, type ReleaseTorrent } from '../../sharing/release-torrent.ts';
import type { Remember } from '../transfers/fetched-transfer.ts';

export interface Songs {
  /** The version whose files `files` counts. */
  readonly version: number;
  readonly files: ReadonlySet<number>;
}

export interface ReleaseAsked {
  readonly account: TrackerAccount;
  readonly releaseId: string;
  /** Undefined: all files. */
  readonly songs: Songs | undefined;
  /** The folder into which the release's own folder goes. */
  readonly folder: string;
  readonly stateFolder: string;
}

export interface WantedRelease {
  readonly torrent: ReleaseTorrent;
  readonly trust: UserTrust;
  /**
   * Indices of the wanted files; undefined: all. `gone`: this version does not contain some of them any more.
   */
  readonly songs: ReadonlySet<number> | 'gone' | undefined;
  /** The earlier version on disk: only what has changed is fetched. */
  readonly upgradeFrom: FetchedRelease | undefined;
  /** Files of the earlier version that are not in this one. They stay on disk. */
  readonly left: readonly TorrentFile[];
  readonly remember: Remember;
}

/** The latest version, even if the songs were found in an earlier one. Throws TrackerError. */
export async function wantedRelease(asked: ReleaseAsked): Promise<WantedRelease> {
  const { account, releaseId, songs, folder, stateFolder } = asked;
  const earlier = await loadFetched(stateFolder, releaseId, folder);
  const torrent = await fetchReleaseTorrent(account, releaseId, { publicKey: earlier?.publicKey });
  const upgradeFrom = earlierOf(torrent, earlier);
  return {
    torrent,
    trust: { origin: new URL(account.url).origin },
    songs: songs && (await songsIn(account, torrent, songs)),
    upgradeFrom,
    left: upgradeFrom === undefined ? [] : leftBehind(upgradeFrom.metainfo, torrent.metainfo),
    remember: async (path, isComplete) => {
      // Until the new version is complete, the next try upgrades from the same earlier version.
      const isUpgraded = isComplete && songs === undefined;
      if (upgradeFrom === undefined || isUpgraded)
        await saveFetched(stateFolder, folder, { ...torrent, path });
    },
  };
}

/**
 * Maps file indices of the version that the songs were found in to indices of the files with the same names
 * in this one.
 */
async function songsIn(
  account: TrackerAccount,
  { releaseId, version, publicKey, metainfo }: ReleaseTorrent,
  songs: Songs,
): Promise<ReadonlySet<number> | 'gone'> {
  if (songs.version === version) return songs.files;
  const then = await fetchReleaseTorrent(account, releaseId, { version: songs.version, publicKey });
  const nameOf = (components: readonly string[]) => components.join('/');
  const now = new Map(metainfo.files.map((file) => [nameOf(file.components), file.index]));
  const found = [...songs.files].map((index) =>
    now.get(nameOf(then.metainfo.files[index]?.components ?? [])),
  );
  return found.every((index) => index !== undefined) ? new Set(found) : 'gone';
}

/** Versions in v1 format cannot be compared file by file, because v1 has no hashes per file. */
function earlierOf(torrent: ReleaseTorrent, earlier: FetchedRelease | undefined): FetchedRelease | undefined {
  if (earlier === undefined || earlier.version >= torrent.version || !existsSync(earlier.path))
    return undefined;
  return earlier.metainfo.format === 'v1' || torrent.metainfo.format === 'v1' ? undefined : earlier;
}
