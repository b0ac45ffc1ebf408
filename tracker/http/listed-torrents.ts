/**
 * The torrents that this tracker was started with or was given later: the page lists them, and their files
 * are served. Other torrents may be announced too; they are in the registry only.
 */
import { hex } from '../../torrents/byte-text.ts';
import { type MagnetLink, makeMagnet } from '../../torrents/magnet.ts';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../torrents/paths/path-rules.ts';

export interface ListedTorrent {
  /** 40 hex digits: the info-hash under which it is announced. */
  readonly infoHash: string;
  /** 64 hex digits, for v2 and hybrid torrents. */
  readonly infoHashV2: string | undefined;
  /** 20 bytes each: the info-hashes of its swarms. A hybrid torrent has two (BEP 52). */
  readonly swarms: readonly Uint8Array[];
  /** The content of its magnet link, except trackers. */
  readonly link: Partial<MagnetLink>;
  /** Sanitized for display. */
  readonly name: string;
  /** Without pad files. */
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** The .torrent file, byte for byte. */
  readonly torrent: Uint8Array;
}

export class ListedTorrents {
  readonly #torrents = new Map<string, ListedTorrent>();

  /** In the order in which they were added. */
  get all(): readonly ListedTorrent[] {
    return [...this.#torrents.values()];
  }

  /** Adds a .torrent file; it replaces one with the same info-hash. Throws MetainfoError. */
  add(bytes: Uint8Array): ListedTorrent {
    const metainfo = parseMetainfo(bytes);
    const { infoHash, infoHashV2, format } = metainfo;
    const listed: ListedTorrent = {
      infoHash: hex(infoHash),
      infoHashV2: infoHashV2 && hex(infoHashV2),
      swarms:
        format === 'hybrid' && infoHashV2 !== undefined ? [infoHash, infoHashV2.subarray(0, 20)] : [infoHash],
      link: { infoHash: format === 'v2' ? undefined : infoHash, infoHashV2, name: metainfo.name },
      name: displayPath([metainfo.name]),
      bytes: metainfo.bytes,
      files: metainfo.files
        .filter((file) => !file.isPad)
        .map((file) => ({ path: displayPath(file.components), bytes: file.bytes })),
      torrent: bytes,
    };
    this.#torrents.set(listed.infoHash, listed);
    return listed;
  }

  /** Finds a torrent by 40 hex digits, or by the 64 hex digits of its v2 hash or the first 40 of those. */
  find(hashHex: string): ListedTorrent | undefined {
    const wanted = hashHex.toLowerCase();
    const found = this.#torrents.get(wanted);
    if (found !== undefined) return found;
    // Only v2 hashes get here, and the list is short enough to scan.
    return this.all.find(({ infoHashV2 }) => infoHashV2 === wanted || infoHashV2?.slice(0, 40) === wanted);
  }
}

/** The torrent's magnet link, with this tracker as its only tracker. */
export function magnetFor(torrent: ListedTorrent, announceUrl: string): string {
  return makeMagnet({ ...torrent.link, trackers: [announceUrl] });
}
