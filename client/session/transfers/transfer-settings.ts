/** The user's settings of a transfer. All but its torrent can be changed while it runs. */
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { PeerAddress } from '../../engine/contract.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import type { UpgradeFrom } from '../../host/upgrade.ts';
import type { Choice } from './file-patterns.ts';
import type { SeedLimits } from './seed-limits.ts';

export interface TransferSettings {
  /** `share`: the files are the user's own and are only read. */
  readonly kind: 'download' | 'share';
  /**
   * For a download: the folder into which the torrent's own folder or file goes. For a share: the torrent's
   * own folder or file, or the folder that holds it.
   */
  readonly place: string;
  /** The files are to be moved into this folder before the transfer runs again. */
  readonly moveInto?: string | undefined;
  /** A move into this folder has begun: some of the files may be there. */
  readonly moveBegun?: string | undefined;
  /** Which of its trackers the user chose. */
  readonly trust?: UserTrust | undefined;
  /** Peers to connect to besides those from trackers. */
  readonly peers?: readonly PeerAddress[];
  /**
   * The wanted files and their priorities. By default all files, or those that a magnet link selects. For a
   * magnet link, use patterns, which the list can store.
   */
  readonly choice?: Choice | undefined;
  /** Fetch pieces in order. */
  readonly isSequential?: boolean;
  /** False: start even if the disk has too little free space. */
  readonly spaceCheck?: boolean;
  /** For a share. False: do not hash. 'anew': also hash what the resume record has as verified. */
  readonly verify?: boolean | 'anew';
  /** An earlier version of it on disk. */
  readonly upgradeFrom?: UpgradeFrom | undefined;
  readonly isPaused?: boolean;
  /** For a magnet link: pause as soon as the torrent is known, so that the user can choose files first. */
  readonly pausesWhenFound?: boolean;
  /** Pause once a limit is reached. */
  readonly seedLimits?: SeedLimits;
}

/** A torrent, or a magnet link to one. */
export type Wanted = { readonly metainfo: Metainfo } | { readonly link: MagnetLink };

export interface AddRequest extends TransferSettings {
  readonly wanted: Wanted;
  /**
   * Called at every start, when the transfer's turn has come and before its files are checked. Returns a
   * choice that is made now that the torrent is known.
   */
  readonly onTurn?: (metainfo: Metainfo) => Promise<Pick<TransferSettings, 'choice'>>;
}
