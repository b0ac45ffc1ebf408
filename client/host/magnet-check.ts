/** Whether what strangers sent as the info dictionary of a magnet link is what the link names.  BEP 9 */
import { createHash } from 'node:crypto';
import type { MagnetLink } from '../../torrents/magnet.ts';

/** The bytes have the hash the link names; both, when it names both. */
export function isInfoOf(infoBytes: Uint8Array, { infoHash, infoHashV2 }: MagnetLink): boolean {
  const matches = (algorithm: string, hash: Uint8Array | undefined) =>
    hash === undefined || createHash(algorithm).update(infoBytes).digest().equals(hash);
  return matches('sha1', infoHash) && matches('sha256', infoHashV2);
}
