/**
 * The name that a release's torrent gives its own folder or file. The publisher chooses the album's title
 * freely; the torrent's name is the one on every downloader's disk. For versions older than its column the
 * name is read from the torrent file.
 */
import { peerLimits, scanPrefix } from '../../../torrents/bencode/bencode.ts';
import { readText } from '../../../torrents/metainfo/metainfo-fields.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { type Row, text } from '../rows.ts';
import type { TorrentFiles } from './torrent-files.ts';

/** No file system allows longer names in UTF-16 units; an escape takes six characters for one. */
const nameCharsMax = 300;
/** Names of older versions in memory: at most 20 MB at the longest names. */
const rememberedMax = 20_000;

/** The name as it is shown: one line, no bidirectional control characters. */
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

/**
 * Parses only as far as needed to find the name. A lost torrent file is ignored here and reported when it is
 * requested.
 */
function readName(files: Pick<TorrentFiles, 'read'>, digest: Uint8Array): string | undefined {
  try {
    const info = scanPrefix(files.read(digest), peerLimits).get('info');
    const name = info && readText(info, 'name');
    return name === undefined ? undefined : torrentNameText(name);
  } catch {
    return undefined;
  }
}
