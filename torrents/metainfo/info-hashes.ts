/** The names of a torrent, which are hashes of its info dictionary.                                          BEP 3, 52 */
import { hash } from 'node:crypto';

export type TorrentFormat = 'v1' | 'v2' | 'hybrid';

export interface InfoHashes {
  /** 20 bytes: what handshakes and announces carry. SHA-1; for v2 alone the beginning of infoHashV2. */
  readonly infoHash: Uint8Array;
  /** 32 bytes, SHA-256. */
  readonly infoHashV2: Uint8Array | undefined;
}

export function infoHashes(infoBytes: Uint8Array, format: TorrentFormat): InfoHashes {
  const infoHashV2 = format === 'v1' ? undefined : hash('sha256', infoBytes, 'buffer');
  const isV2Alone = format === 'v2' && infoHashV2 !== undefined;
  return { infoHash: isV2Alone ? infoHashV2.subarray(0, 20) : hash('sha1', infoBytes, 'buffer'), infoHashV2 };
}
