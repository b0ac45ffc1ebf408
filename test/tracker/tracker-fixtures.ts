/** Torrents and requests for tests of the tracker's HTTP server. */
import { encodeInfo, encodeMetainfo } from '../../torrents/metainfo/metainfo-encode.ts';
import { encodeBytes } from '../../tracker/protocol/query.ts';

/** A .torrent with these files; their content does not matter. */
export function torrentFile(
  name: string,
  files: readonly (readonly [path: string, bytes: number])[],
): Uint8Array {
  const bytes = files.reduce((sum, [, size]) => sum + size, 0);
  const pieceLength = 2 ** 20;
  const infoBytes = encodeInfo({
    name,
    pieceLength,
    pieceHashes: new Uint8Array(20 * Math.ceil(bytes / pieceLength)),
    files: files.map(([path, size]) => ({ components: path.split('/'), bytes: size })),
  });
  return encodeMetainfo({ infoBytes, trackers: [], webSeeds: [] });
}

/** The query of an announce. The port determines the peer id; `fields` adds parameters. */
export function announceQuery(infoHash: Uint8Array, port: number, fields = ''): string {
  const peerId = encodeBytes(Buffer.from(`-CI0001-${port}`.padEnd(20, '.')));
  return `info_hash=${encodeBytes(infoHash)}&peer_id=${peerId}&port=${port}&left=0${fields}`;
}
