/** What a peer of a simulated world is told when it joins. */
import type { Limits } from '../../../client/engine/limits.ts';
import type { DiskTemper } from './disk-temper.ts';
import type { Link, Reachability } from './link.ts';
import type { Place } from './place.ts';
import type { SideOptions } from './side.ts';

export interface PeerOptions {
  /** What it has at first: everything, nothing, or the pieces for which this is true. */
  readonly has?: 'all' | 'none' | ((pieceIndex: number) => boolean);
  /** It knows only the hash and asks others for the info dictionary. */
  readonly magnet?: boolean;
  /** The info dictionary it gives out, right or not. */
  readonly infoBytes?: Uint8Array;
  /** Its blocks are wrong although it believes in them: a poisoner who means well. */
  readonly lies?: boolean;
  readonly link?: Link;
  readonly reachability?: Reachability;
  /** Where it is; an IPv4 address of its own when missing. */
  readonly place?: Place;
  readonly usesTracker?: boolean;
  /** Announce tiers; the world's tracker when missing. */
  readonly trackers?: readonly (readonly string[])[];
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
  readonly limits?: Partial<Limits>;
  readonly disk?: Partial<DiskTemper>;
  /** Whether it fetches again what is lost of a complete torrent (content-watch.ts). */
  readonly mends?: boolean;
  /** Its parts in other torrents. */
  readonly sides?: readonly SideOptions[];
}
