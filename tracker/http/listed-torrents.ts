/**
 * The torrents this tracker was started with, or was given since: what the page shows, and the files it hands out.
 * Other torrents may be announced as well; they are in the registry and nowhere else.
 */
import { hex } from '../../torrents/byte-text.ts';
import { type MagnetLink, makeMagnet } from '../../torrents/magnet.ts';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../torrents/paths/path-rules.ts';

export interface ListedTorrent {
  /** 40 hex digits: what it is announced as. */
  readonly infoHash: string;
  /** 64 hex digits, for v2 and hybrid torrents. */
  readonly infoHashV2: string | undefined;
  /** 20 bytes each: every swarm it may be announced in. A hybrid torrent has two (BEP 52). */
  readonly swarms: readonly Uint8Array[];
  /** What a magnet link says of it, apart from trackers. */
  readonly link: Partial<MagnetLink>;
  /** Fit to be shown. */
  readonly name: string;
  /** Without padding. */
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** The .torrent file, byte for byte. */
  readonly torrent: Uint8Array;
}

export class ListedTorrents {
  readonly #torrents = new Map<string, ListedTorrent>();

  /** In the order they were added. */
  get all(): readonly ListedTorrent[] {
    return [...this.#torrents.values()];
  }

  /** Takes a .torrent file; one with the same info-hash is replaced. Throws MetainfoError. */
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

  /** By 40 hex digits, or by the 64 of version 2 or the first 40 of those. */
  find(hashHex: string): ListedTorrent | undefined {
    const wanted = hashHex.toLowerCase();
    const found = this.#torrents.get(wanted);
    if (found !== undefined) return found;
    // Only hybrid torrents get here, and there are as many torrents as a person lists.
    return this.all.find(({ infoHashV2 }) => infoHashV2 === wanted || infoHashV2?.slice(0, 40) === wanted);
  }
}

/** Its magnet link, with this tracker in it and no other. */
export function magnetFor(torrent: ListedTorrent, announceUrl: string): string {
  return makeMagnet({ ...torrent.link, trackers: [announceUrl] });
}
