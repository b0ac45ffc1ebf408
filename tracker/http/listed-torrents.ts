/**
 * The torrents this tracker was started with, or was given since: what the page shows, and the files it hands out.
 * Other torrents may be announced as well; they are in the registry and nowhere else.
 */
import { parseMetainfo } from '../../torrents/metainfo.ts';
import { displayPath } from '../../torrents/path-rules.ts';

export interface ListedTorrent {
  /** 40 hex digits: what it is announced as. */
  readonly infoHash: string;
  /** 64 hex digits, for v2 and hybrid torrents. */
  readonly infoHashV2: string | undefined;
  /** 20 bytes each: every swarm it may be announced in. A hybrid torrent has two (BEP 52). */
  readonly swarms: readonly Uint8Array[];
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
    const { infoHash, infoHashV2 } = metainfo;
    const truncated = infoHashV2?.subarray(0, 20);
    const isHybrid = truncated !== undefined && hex(truncated) !== hex(infoHash);
    const listed: ListedTorrent = {
      infoHash: hex(infoHash),
      infoHashV2: infoHashV2 && hex(infoHashV2),
      swarms: isHybrid ? [infoHash, truncated] : [infoHash],
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

/** BEP 9. The tracker in it is this one, by the address at which whoever asks has reached it. */
export function magnetOf(torrent: ListedTorrent, announceUrl: string): string {
  const { infoHash, infoHashV2, name, bytes } = torrent;
  const isV2Only = infoHashV2?.startsWith(infoHash) ?? false;
  const topics = [
    ...(isV2Only ? [] : [`xt=urn:btih:${infoHash}`]),
    // 1220: the multihash prefix of a SHA-256 of 32 bytes.
    ...(infoHashV2 === undefined ? [] : [`xt=urn:btmh:1220${infoHashV2}`]),
  ];
  return `magnet:?${topics.join('&')}&dn=${encodeURIComponent(name)}&xl=${bytes}&tr=${encodeURIComponent(announceUrl)}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
