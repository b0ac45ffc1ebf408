/**
 * How large a torrent file is going to be, known before anything is hashed: one that others would refuse must
 * not cost an hour first. The hashes are what is not there yet, and their lengths are known.
 *
 * Invariant: never less than what comes out, and little more.                                              BEP 3, 47, 52
 */
import { localLimits } from '../bencode/bencode.ts';
import type { TorrentFormat } from '../metainfo/metainfo.ts';
import { CreateError } from './create-error.ts';
import type { PlacedFile } from './create-layout.ts';

export interface TorrentSize {
  readonly bytes: number;
  /** Integers, byte strings, keys, lists and dictionaries, as the reader counts them. */
  readonly tokens: number;
}

interface SizedTorrent {
  readonly format: TorrentFormat;
  readonly name: string;
  readonly pieceCount: number;
  readonly files: readonly PlacedFile[];
}

/** A length in front of a string, up to `1234:`, or the marks and 16 digits of an integer. */
const prefixBytes = 5;
const integerBytes = 18;
/** `d4:attr1:p6:length…4:pathl…ee` */
const listedFile = { bytes: 30 + integerBytes, tokens: 8 };
/** `d0:d6:length…11:pieces root32:…ee` */
const treeFile = { bytes: 60 + integerBytes, tokens: 8 };
/** A folder of the tree: `d…e`, and its name. */
const treeFolder = { bytes: 2, tokens: 2 };
/** The keys around it all, with room for the integers. */
const outer = { bytes: 1024, tokens: 64 };
/** Larger ones are read here, and by few other programs. */
const createdBytesMax = 64 * 2 ** 20;
const sha1Bytes = 20;
const rootBytes = 32;

/** `texts`: everything else that is written into it, such as addresses and the comment. */
export function torrentSize(
  { format, name, pieceCount, files }: SizedTorrent,
  texts: readonly string[],
): TorrentSize {
  let { bytes, tokens } = outer;
  const add = (text: string) => {
    bytes += Buffer.byteLength(text) + prefixBytes;
    // As many lists as there are texts, at the most: a tier each.
    tokens += 2;
  };
  add(name);
  // In `announce` and in `announce-list`.
  for (const text of texts) {
    add(text);
    add(text);
  }
  if (format !== 'v2') bytes += pieceCount * sha1Bytes;
  // A layer holds the pieces of a file that is longer than one; every layer has its root as a key.
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
    // Its layer has the root as a key.
    bytes += treeFile.bytes + rootBytes + rootBytes + 2 * prefixBytes;
    tokens += treeFile.tokens + 2;
    before = components;
  }
  return { bytes, tokens };
}

/** Throws CreateError when it would be larger than programs read. */
export function checkTorrentSize(torrent: SizedTorrent, texts: readonly string[]): void {
  const { bytes, tokens } = torrentSize(torrent, texts);
  if (bytes <= createdBytesMax && tokens <= localLimits.tokensMax) return;
  const size = `${Math.ceil(bytes / 2 ** 20)} MiB with ${tokens} values`;
  const message = `this would make a torrent file of ${size}, more than programs read`;
  throw new CreateError('create-too-large', message);
}
