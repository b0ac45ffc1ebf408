/**
 * Computes the size of a new torrent file before the hashing, so that a size that other programs refuse is
 * reported at once and not after an hour. Only the hashes are missing then, and their lengths are known.
 *
 * Invariant: the result is never less than the real size, and little more.                      BEP 3, 47, 52
 */
import { localLimits } from '../bencode/bencode.ts';
import type { TorrentFormat } from '../metainfo/metainfo.ts';
import { CreateError } from './create-error.ts';
import type { PlacedFile } from './create-layout.ts';

export interface TorrentSize {
  readonly bytes: number;
  /** Integers, byte strings, keys, lists and dictionaries, as counted by the reader. */
  readonly tokens: number;
}

interface SizedTorrent {
  readonly format: TorrentFormat;
  readonly name: string;
  readonly pieceCount: number;
  readonly files: readonly PlacedFile[];
}

/** A length before a string, up to `1234:`. An integer with its two marks and 16 digits. */
const prefixBytes = 5;
const integerBytes = 18;
/** `d4:attr1:p6:length…4:pathl…ee` */
const listedFile = { bytes: 30 + integerBytes, tokens: 8 };
/** `d0:d6:length…11:pieces root32:…ee` */
const treeFile = { bytes: 60 + integerBytes, tokens: 8 };
/** A folder of the tree: `d…e`, and its name. */
const treeFolder = { bytes: 2, tokens: 2 };
/** All keys outside the file lists, with their integers. */
const outer = { bytes: 1024, tokens: 64 };
/** We read larger files, but few other programs do. */
const createdBytesMax = 64 * 2 ** 20;
const sha1Bytes = 20;
const rootBytes = 32;

/** `texts`: all other texts in the torrent, such as URLs and the comment. */
export function torrentSize(
  { format, name, pieceCount, files }: SizedTorrent,
  texts: readonly string[],
): TorrentSize {
  let { bytes, tokens } = outer;
  const add = (text: string) => {
    bytes += Buffer.byteLength(text) + prefixBytes;
    // At most one list per text: a tier of its own.
    tokens += 2;
  };
  add(name);
  // In `announce` and in `announce-list`.
  for (const text of texts) {
    add(text);
    add(text);
  }
  if (format !== 'v2') bytes += pieceCount * sha1Bytes;
  // A layer has the pieces of a file longer than one piece. The root of each file is added below.
  if (format !== 'v1') bytes += pieceCount * rootBytes;

  let before: readonly string[] = [];
  for (const { components, isPad } of files) {
    const nameBytes = components.reduce((sum, part) => sum + Buffer.byteLength(part) + prefixBytes, 0);
    if (format !== 'v2') {
      bytes += listedFile.bytes + nameBytes;
      tokens += listedFile.tokens + components.length;
    }
    if (format === 'v1' || isPad) continue;
    const shared = components.findIndex((part, depth) => part !== before[depth]);
    for (const part of components.slice(Math.max(0, shared))) {
      bytes += treeFolder.bytes + Buffer.byteLength(part) + prefixBytes;
      tokens += treeFolder.tokens;
    }
    // The root is also the key of the layer.
    bytes += treeFile.bytes + rootBytes + rootBytes + 2 * prefixBytes;
    tokens += treeFile.tokens + 2;
    before = components;
  }
  return { bytes, tokens };
}

/** Throws CreateError if the torrent file would be larger than other programs accept. */
export function checkTorrentSize(torrent: SizedTorrent, texts: readonly string[]): void {
  const { bytes, tokens } = torrentSize(torrent, texts);
  if (bytes <= createdBytesMax && tokens <= localLimits.tokensMax) return;
  const size = `${Math.ceil(bytes / 2 ** 20)} MiB with ${tokens} values`;
  const message = `this would make a torrent file of ${size}, more than programs read`;
  throw new CreateError('create-too-large', message);
}
