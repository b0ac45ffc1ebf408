/**
 * The torrent of a transfer: a magnet link at first, if it was added by one, and the torrent itself once it
 * is known.
 */
import { hex } from '../../../torrents/byte-text.ts';
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { SessionError } from '../session-error.ts';
import { Milestones } from './milestones.ts';
import type { Wanted } from './transfer-settings.ts';

export abstract class Identity extends Milestones {
  /** The key in the list: the info-hash that the transfer was added by. */
  readonly id: string;
  protected wanted: Wanted;

  constructor(id: string, wanted: Wanted) {
    super();
    this.id = id;
    this.wanted = wanted;
    if ('metainfo' in wanted) this.onFound();
  }

  /** The name in the torrent or link. To display it, use displayPath([name]). */
  get name(): string {
    if ('metainfo' in this.wanted) return this.wanted.metainfo.name;
    return this.wanted.link.name ?? this.id;
  }

  /**
   * 40 hex digits. May change when the torrent of a v2-only magnet link is found.                      BEP 52
   */
  get infoHash(): string {
    return 'metainfo' in this.wanted ? hex(this.wanted.metainfo.infoHash) : this.id;
  }

  /** Throws a SessionError `no-torrent-yet` while only a magnet link is known. */
  get metainfo(): Metainfo {
    if ('metainfo' in this.wanted) return this.wanted.metainfo;
    throw new SessionError('no-torrent-yet', `${this.name} is not known yet`, { infoHash: this.infoHash });
  }

  /** The magnet link; undefined once the torrent is known. */
  get link(): MagnetLink | undefined {
    return 'link' in this.wanted ? this.wanted.link : undefined;
  }
}
