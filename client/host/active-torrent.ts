/** What somebody who fetches or seeds a torrent is given: how to follow it, choose from it, and end it. */
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
  /** Ends the checking of what is there; later, use stop(). */
  readonly signal?: AbortSignal;
  /** Progress of that checking. */
  readonly onCheck?: (progress: HashProgress) => void;
  readonly onReport?: (report: Report) => void;
  /** Which of its trackers the user chose. Without it none: inside of their network only plain announces are made. */
  readonly trust?: UserTrust | undefined;
  /** A download waits for files that another torrent is fetching to the same place; undefined: not any more. */
  readonly onWait?: (wait: ClaimWait | undefined) => void;
  /** Other programs on this machine cannot be asked whether they write to the same place. */
  readonly onUnguarded?: (error: unknown) => void;
}

export interface DownloadOptions extends TorrentControl, SpaceOptions {
  readonly peers?: readonly PeerAddress[];
  /** Which files are wanted; without it all. The others do not appear on the disk. */
  readonly select?: FileChoice;
  /** An earlier version, stopped by now: its files are used where they are the same, and replaced where they are not. */
  readonly upgradeFrom?: UpgradeFrom;
}

export interface SeedOptions extends TorrentControl {
  /** The shared folder or file, or the folder that holds it. */
  readonly path: string;
  /** False: it is believed; 'anew': also what was checked before and looks the same is checked. */
  readonly verify?: boolean | 'anew';
}

export interface ActiveTorrent extends TorrentWishes {
  readonly metainfo: Metainfo;
  /** Where the torrent's own folder or file lies. */
  readonly path: string;
  status(): TorrentStatus;
  /** The file has its name: all of it is here, or was before. By its index in the torrent; false for pads. */
  hasFile(fileIndex: number): boolean;
  /** Another torrent is fetching some of its files to the same place. */
  readonly waitsFor?: ClaimWait | undefined;
  /**
   * Every wanted piece is stored and every wanted file has its name; at once when nothing was missing. Rejects when that
   * became impossible. A new promise when more has been selected since.
   */
  readonly completed: Promise<void>;
  /** Peers are let go, trackers are told. What files that are not wanted hold is kept for the next time. */
  stop(): Promise<void>;
  /** As stop(), for good: once complete, nothing is left beside the files that were wanted. */
  remove(): Promise<void>;
}

/** The part of it that the checking of what is there takes. `closing`: of the client, which ends it as well. */
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
