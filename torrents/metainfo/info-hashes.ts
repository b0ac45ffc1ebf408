/** The info-hashes of a torrent: hashes of its info dictionary.                                  BEP 3, 52 */
import { hash } from 'node:crypto';

export type TorrentFormat = 'v1' | 'v2' | 'hybrid';

export interface InfoHashes {
  /** 20 bytes, sent in handshakes and announces. SHA-1; in a v2-only torrent the beginning of infoHashV2. */
  readonly infoHash: Uint8Array;
  /** 32 bytes, SHA-256. */
  readonly infoHashV2: Uint8Array | undefined;
}

export function infoHashes(infoBytes: Uint8Array, format: TorrentFormat): InfoHashes {
  const infoHashV2 = format === 'v1' ? undefined : hash('sha256', infoBytes, 'buffer');
  const isV2Alone = format === 'v2' && infoHashV2 !== undefined;
  return { infoHash: isV2Alone ? infoHashV2.subarray(0, 20) : hash('sha1', infoBytes, 'buffer'), infoHashV2 };
}
