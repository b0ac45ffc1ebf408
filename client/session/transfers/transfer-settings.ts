/** What a user chooses of a transfer. All but its torrent may be changed while it runs. */
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { PeerAddress } from '../../engine/contract.ts';
import type { UserTrust } from '../../host/network/user-trust.ts';
import type { UpgradeFrom } from '../../host/upgrade.ts';
import type { Choice } from './file-patterns.ts';
import type { SeedLimits } from './seed-limits.ts';

export interface TransferSettings {
  /** `share`: its files are the user's own and only read. */
  readonly kind: 'download' | 'share';
  /** Of a download: its own folder or file goes inside this folder. Of a share: it, or the folder that holds it. */
  readonly place: string;
  /** Its files are to lie inside this folder: they are moved before it runs again. */
  readonly moveInto?: string | undefined;
  /** A move into this folder has begun: some of its files may lie there. */
  readonly moveBegun?: string | undefined;
  /** Which of its trackers the user chose. */
  readonly trust?: UserTrust | undefined;
  /** Peers to ask beside those that trackers name. */
  readonly peers?: readonly PeerAddress[];
  /** Which files are wanted, and how much; without it all, or what a link asks for. Of a link: patterns, which the list keeps. */
  readonly choice?: Choice | undefined;
  /** The first pieces first. */
  readonly isSequential?: boolean;
  /** False: it starts also when the disk has too little room. */
  readonly spaceCheck?: boolean;
  /** Of a share. False: it is believed; 'anew': also what was checked before and looks the same is checked. */
  readonly verify?: boolean | 'anew';
  /** An earlier version of it that lies there. */
  readonly upgradeFrom?: UpgradeFrom | undefined;
  readonly isPaused?: boolean;
  /** Of a link: it is paused as soon as its torrent is known, so that files can be chosen first. */
  readonly pausesWhenFound?: boolean;
  /** It rests when it has given so much. */
  readonly seedLimits?: SeedLimits;
}

/** A torrent, or what stands for one. */
export type Wanted = { readonly metainfo: Metainfo } | { readonly link: MagnetLink };

export interface AddRequest extends TransferSettings {
  readonly wanted: Wanted;
  /** Its turn has come: called before anything is looked at, at every start. Answers what is chosen now that it is known. */
  readonly onTurn?: (metainfo: Metainfo) => Promise<Pick<TransferSettings, 'choice'>>;
}
