/** Which torrent a transfer is of: at first perhaps only a link that stands for it. */
import { hex } from '../../../torrents/byte-text.ts';
import type { MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { SessionError } from '../session-error.ts';
import { Milestones } from './milestones.ts';
import type { Wanted } from './transfer-settings.ts';

export abstract class Identity extends Milestones {
  /** What it is called in the list: the info-hash it was added by. */
  readonly id: string;
  protected wanted: Wanted;

  constructor(id: string, wanted: Wanted) {
    super();
    this.id = id;
    this.wanted = wanted;
    if ('metainfo' in wanted) this.onFound();
  }

  /** As its author, or the link, calls it. For people's eyes use displayPath([name]). */
  get name(): string {
    if ('metainfo' in this.wanted) return this.wanted.metainfo.name;
    return this.wanted.link.name ?? this.id;
  }

  /** 40 hex digits. What is found may have another one than a link that names version 2 alone.  BEP 52 */
  get infoHash(): string {
    return 'metainfo' in this.wanted ? hex(this.wanted.metainfo.infoHash) : this.id;
  }

  /** Throws a SessionError `no-torrent-yet` while only a magnet link is known. */
  get metainfo(): Metainfo {
    if ('metainfo' in this.wanted) return this.wanted.metainfo;
    throw new SessionError('no-torrent-yet', `${this.name} is not known yet`, { infoHash: this.infoHash });
  }

  /** What stands for its torrent; undefined once that is found. */
  get link(): MagnetLink | undefined {
    return 'link' in this.wanted ? this.wanted.link : undefined;
  }
}
