/**
 * What the torrent of a release calls its own folder or file: the album's title is the publisher's word, this is what
 * appears on the disks of those who fetch it. Versions that were stored before the tables had a place for it have it in
 * their torrent.
 */
import { peerLimits, scanPrefix } from '../../../torrents/bencode/bencode.ts';
import { readText } from '../../../torrents/metainfo/metainfo-fields.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { type Row, text } from '../rows.ts';
import type { TorrentFiles } from './torrent-files.ts';

/** No file system takes a longer name in UTF-16 units, and escapes are six characters for one. */
const nameCharsMax = 300;
/** Of older versions: 20 MB of the longest names. */
const rememberedMax = 20_000;

/** As it is shown: one line, nothing that turns the text around. */
export function torrentNameText(name: string): string {
  const shown = displayPath([name.toWellFormed().normalize('NFC')]);
  return shown.length <= nameCharsMax ? shown : `${[...shown].slice(0, nameCharsMax - 1).join('')}…`;
}

/** `row`: of a version, with `torrent_name` and `torrent`. */
export function torrentNames(files: Pick<TorrentFiles, 'read'>): (row: Row) => string | undefined {
  const remembered = new Map<string, string | undefined>();
  return (row) => {
    const stored = text(row.torrent_name);
    if (stored !== undefined) return stored;
    const digest = row.torrent as Uint8Array;
    const key = Buffer.from(digest).toString('latin1');
    if (!remembered.has(key)) {
      if (remembered.size >= rememberedMax) remembered.clear();
      remembered.set(key, readName(files, digest));
    }
    return remembered.get(key);
  };
}

/** Nothing is parsed beyond where the name lies. A torrent file that is lost is told of by those who ask for it. */
function readName(files: Pick<TorrentFiles, 'read'>, digest: Uint8Array): string | undefined {
  try {
    const info = scanPrefix(files.read(digest), peerLimits).get('info');
    const name = info && readText(info, 'name');
    return name === undefined ? undefined : torrentNameText(name);
  } catch {
    return undefined;
  }
}
