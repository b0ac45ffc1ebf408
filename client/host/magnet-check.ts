/** Whether an info dictionary from peers is the one that a magnet link names.  BEP 9 */
import { createHash } from 'node:crypto';
import type { MagnetLink } from '../../torrents/magnet.ts';

/** The bytes have the hash of the link, or both hashes if it has both. */
export function isInfoOf(infoBytes: Uint8Array, { infoHash, infoHashV2 }: MagnetLink): boolean {
  const matches = (algorithm: string, hash: Uint8Array | undefined) =>
    hash === undefined || createHash(algorithm).update(infoBytes).digest().equals(hash);
  return matches('sha1', infoHash) && matches('sha256', infoHashV2);
}
