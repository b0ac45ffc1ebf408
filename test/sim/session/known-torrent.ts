/**
 * Torrents for the lists of sessions: a real info dictionary over the content of a simulated torrent. Its
 * piece hashes are random and never checked, because the simulated disk knows the right content
 * (world/disk.ts).
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { type Metainfo, parseInfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeInfo } from '../../../torrents/metainfo/metainfo-encode.ts';
import type { SimTorrent, TorrentShape } from '../world/torrent.ts';

const pieceLength = 32 * 1024;

export interface KnownTorrent {
  readonly metainfo: Metainfo;
  readonly torrent: SimTorrent;
}

export interface DrawnTorrent {
  readonly metainfo: Metainfo;
  readonly shape: TorrentShape;
}

/** One to four files of up to 200 kB each. */
export function drawTorrent(random: Prng, number: number, trackers: readonly string[]): DrawnTorrent {
  const files = Array.from({ length: 1 + random.below(4) }, (_, i) => ({
    components: [`${i}.flac`],
    bytes: 1 + random.below(random.below(2) === 0 ? 40_000 : 200_000),
  }));
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const pieceHashes = new Uint8Array(20 * Math.ceil(totalBytes / pieceLength)).map(() => random.below(256));
  const info = encodeInfo({ name: `Album ${number}`, pieceLength, pieceHashes, files });
  const metainfo = parseInfo(info, { platform: 'linux', trackers: [trackers] });
  const { infoHash, infoBytes } = metainfo;
  return { metainfo, shape: { totalBytes, pieceLength, files, info: { infoHash, infoBytes } } };
}
