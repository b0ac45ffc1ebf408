/**
 * The interface of a running torrent for the caller that downloads or seeds it: its status, its selection,
 * and its end.
 */
import type { HashControl, HashProgress } from '../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import type { PeerAddress, Report } from '../engine/contract.ts';
import type { TorrentStatus } from '../engine/status.ts';
import type { ClaimWait } from './claims/download-claim.ts';
import type { SpaceOptions } from './disk/free-space.ts';
import type { FileChoice } from './file-selection.ts';
import type { UserTrust } from './network/user-trust.ts';
import type { TorrentWishes } from './torrent-wishes.ts';
import type { UpgradeFrom } from './upgrade.ts';

export interface TorrentControl {
  /** Aborts the initial check of existing files; after that, use stop(). */
  readonly signal?: AbortSignal;
  /** Progress of the initial check. */
  readonly onCheck?: (progress: HashProgress) => void;
  readonly onReport?: (report: Report) => void;
  /**
   * Which of the torrent's trackers the user chose. Without it none: in the user's private network only plain
   * announces are made.
   */
  readonly trust?: UserTrust | undefined;
  /**
   * The download waits for files that another torrent is fetching to the same place; undefined: no longer.
   */
  readonly onWait?: (wait: ClaimWait | undefined) => void;
  /** Claims cannot be exchanged with other programs on this machine, which may write to the same place. */
  readonly onUnguarded?: (error: unknown) => void;
}

export interface DownloadOptions extends TorrentControl, SpaceOptions {
  readonly peers?: readonly PeerAddress[];
  /** Which files are wanted; all by default. Unwanted files do not appear on the disk. */
  readonly select?: FileChoice;
  /**
   * A stopped earlier version: its files are reused where they are the same, and replaced where they differ.
   */
  readonly upgradeFrom?: UpgradeFrom;
}

export interface SeedOptions extends TorrentControl {
  /** The shared folder or file, or the folder that contains it. */
  readonly path: string;
  /**
   * False: the files are trusted without a check. 'anew': files that are remembered as checked are checked
   * again.
   */
  readonly verify?: boolean | 'anew';
}

export interface ActiveTorrent extends TorrentWishes {
  readonly metainfo: Metainfo;
  /** The path of the torrent's own folder or file. */
  readonly path: string;
  status(): TorrentStatus;
  /** Whether the file is whole under its final name. By its index in the torrent; false for pad files. */
  hasFile(fileIndex: number): boolean;
  /** Another torrent is fetching some of its files to the same place. */
  readonly waitsFor?: ClaimWait | undefined;
  /**
   * Resolves when every wanted piece is stored and every wanted file has its final name; at once if nothing
   * was missing. Rejects when that became impossible. Becomes a new promise when more files are selected
   * later.
   */
  readonly completed: Promise<void>;
  /** Closes the connections and announces `stopped`. Bytes of unwanted files are kept for the next run. */
  stop(): Promise<void>;
  /** Like stop(), but for good: if the torrent is complete, only its wanted files remain on the disk. */
  remove(): Promise<void>;
}

/** The options for the initial check. `closing` aborts it when the client closes. */
export function hashControl(
  { signal: own, onCheck }: TorrentControl,
  threads: number | undefined,
  closing?: AbortSignal,
): HashControl {
  const signal = own && closing ? AbortSignal.any([closing, own]) : (own ?? closing);
  return {
    ...(signal === undefined ? {} : { signal }),
    ...(onCheck === undefined ? {} : { onProgress: onCheck }),
    ...(threads === undefined ? {} : { threads }),
  };
}
