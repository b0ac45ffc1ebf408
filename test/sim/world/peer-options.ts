/** The options of a peer of a simulated world. */
import type { Limits } from '../../../client/engine/limits.ts';
import type { DiskTemper } from './disk-temper.ts';
import type { Link, Reachability } from './link.ts';
import type { Place } from './place.ts';
import type { SideOptions } from './side.ts';

export interface PeerOptions {
  /** Its initial pieces: all, none, or those for which this returns true. */
  readonly has?: 'all' | 'none' | ((pieceIndex: number) => boolean);
  /** It has only the info-hash and requests the info dictionary from peers. */
  readonly magnet?: boolean;
  /** The info dictionary that it serves, right or not. */
  readonly infoBytes?: Uint8Array;
  /** Its blocks are wrong although it believes them right: a poisoner without intent. */
  readonly lies?: boolean;
  readonly link?: Link;
  readonly reachability?: Reachability;
  /** Its addresses; an IPv4 address of its own when missing. */
  readonly place?: Place;
  readonly usesTracker?: boolean;
  /** Announce tiers; the world's tracker when missing. */
  readonly trackers?: readonly (readonly string[])[];
  readonly uploadBpsMax?: number;
  readonly downloadBpsMax?: number;
  readonly limits?: Partial<Limits>;
  readonly disk?: Partial<DiskTemper>;
  /** Whether it downloads lost pieces of a complete torrent again (content-watch.ts). */
  readonly mends?: boolean;
  /** The side torrents that it has. */
  readonly sides?: readonly SideOptions[];
}
