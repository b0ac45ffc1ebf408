/**
 * What is kept of a .torrent: not what its publisher may have left in it of their own (an announce URL with their passkey,
 * other trackers, addresses of nodes).
 *
 * Nothing is parsed beyond where the parts lie: the largest torrent takes ten milliseconds so, and ten times that whole.
 * Invariant: the info dictionary stays byte for byte as it came, or the torrent would be another one.         BEP 3 12
 */
import { scanPrefix } from '../../../torrents/bencode/bencode.ts';

/** In the order of a dictionary. `announce` comes before all of them. */
const partsKept = [
  ...['codepage', 'comment', 'created by', 'creation date'],
  ...['encoding', 'info', 'piece layers', 'url-list'],
] as const;

/** `torrent`: one that the catalogue has taken, or takes. */
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
