/**
 * The parts of a .torrent that are kept. Private parts are dropped: an announce URL with the publisher's
 * passkey, other trackers, addresses of DHT nodes.
 *
 * The parts are located, not parsed: ten milliseconds for the largest torrent, and ten times less than a full
 * parse.
 * Invariant: the info dictionary keeps its exact bytes, or the info-hash would change.         BEP 3 12
 */
import { scanPrefix } from '../../../torrents/bencode/bencode.ts';

/** In the order of a dictionary; `announce` sorts before all of them. */
const partsKept = [
  ...['codepage', 'comment', 'created by', 'creation date'],
  ...['encoding', 'info', 'piece layers', 'url-list'],
] as const;

/** `torrent`: one that the catalogue has accepted or is about to accept. */
export function keptTorrent(
  torrent: Uint8Array,
  announceUrl?: string,
): { readonly name: string; readonly bytes: Uint8Array } {
  const parts = scanPrefix(torrent);
  const kept = partsKept.flatMap((part) => {
    const value = parts.get(part);
    return value === undefined ? [] : [text(part), value.raw];
  });
  const announce = announceUrl === undefined ? [] : [text('announce'), text(announceUrl)];
  const bytes = Buffer.concat([Buffer.from('d'), ...announce, ...kept, Buffer.from('e')]);
  return { name: parts.get('info')?.get('name')?.text ?? 'release', bytes };
}

function text(value: string): Uint8Array {
  return Buffer.from(`${Buffer.byteLength(value)}:${value}`);
}
