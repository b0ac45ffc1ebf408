/**
 * A stored .torrent as one visitor gets it: with their own announce URL as its only tracker, and without whatever else its
 * publisher may have left in it (their passkey, other trackers, addresses of nodes).
 *
 * Nothing is parsed beyond where the parts lie: the largest torrent takes ten milliseconds so, and ten times that whole.
 * Invariant: the info dictionary leaves byte for byte as it came, or the torrent would be another one.        BEP 3 12
 */
import { scan } from '../../torrents/bencode.ts';

/** What is kept beside the tracker, in the order of a dictionary. */
const partsKept = ['comment', 'created by', 'creation date', 'info', 'piece layers', 'url-list'] as const;

/** `torrent`: one that the catalogue has taken. */
export function ownTorrent(
  torrent: Uint8Array,
  announceUrl: string,
): { readonly name: string; readonly bytes: Uint8Array } {
  const parts = scan(torrent);
  const kept = partsKept.flatMap((part) => {
    const value = parts.get(part);
    return value === undefined ? [] : [text(part), value.raw];
  });
  const bytes = Buffer.concat([
    Buffer.from('d'),
    text('announce'),
    text(announceUrl),
    ...kept,
    Buffer.from('e'),
  ]);
  return { name: parts.get('info')?.get('name')?.text ?? 'release', bytes };
}

function text(value: string): Uint8Array {
  return Buffer.from(`${Buffer.byteLength(value)}:${value}`);
}
