/**
 * Writes torrent files. encodeMetainfo takes the info dictionary as bytes, so that it keeps its hash.
 *
 * Invariant: the same fields give the same bytes, and parseMetainfo reads them.
 * Left to others: making the hashes, the order of the files and their pads (create.ts).
 *                                                                                   BEP 3, 12, 19, 27, 47, 52
 */
import { localLimits, scan } from '../bencode/bencode.ts';
import { type BEncodable, Encoded, encode, Lazy, Located } from '../bencode/bencode-encode.ts';
import type { LayoutEntry } from './file-layout.ts';
import type { PieceLayer, TorrentFormat } from './metainfo.ts';

export interface InfoFields<File extends LayoutEntry = LayoutEntry> {
  /** Default: v1. */
  readonly format?: TorrentFormat | undefined;
  readonly name: string;
  /** The torrent is one file, without a folder around it. */
  readonly isSingleFile?: boolean | undefined;
  readonly pieceLength: number;
  /** v1 and hybrid: 20 bytes per piece. */
  readonly pieceHashes: Uint8Array;
  /**
   * In order. v2 and hybrid: in the order of the file tree, with the root of each file that is not empty.
   * Hybrid: with the pads, too.
   */
  readonly files: readonly File[];
  /** Gives the root of a file if `files` do not carry their roots. */
  readonly piecesRootOf?: ((file: File) => Uint8Array | undefined) | undefined;
  readonly private?: boolean | undefined;
  readonly source?: string | undefined;
}

/** Encodes the info dictionary. */
export function encodeInfo<File extends LayoutEntry>(fields: InfoFields<File>): Uint8Array {
  return encode(infoValue(fields), infoBytesExpected(fields));
}

function infoValue<File extends LayoutEntry>(fields: InfoFields<File>): BEncodable {
  const { format = 'v1', files, piecesRootOf = ({ piecesRoot }) => piecesRoot } = fields;
  const isV1 = format !== 'v2';
  const isV2 = format !== 'v1';
  const listed = isV1 && !fields.isSingleFile;
  return {
    name: fields.name,
    'piece length': fields.pieceLength,
    private: fields.private ? 1 : undefined,
    source: fields.source,
    pieces: isV1 ? fields.pieceHashes : undefined,
    length: isV1 && fields.isSingleFile ? files[0]?.bytes : undefined,
    files: listed ? Lazy.list(fileList(files)) : undefined,
    'meta version': isV2 ? 2 : undefined,
    'file tree': isV2 ? Lazy.dict(new FileTree(files, piecesRootOf).entries()) : undefined,
  };
}

/** A file of a hybrid takes about 90 bytes in the tree and 45 in the list, and its name in both. */
const fileBytesExpected = 200;

function infoBytesExpected<File extends LayoutEntry>({ pieceHashes, files }: InfoFields<File>): number {
  return pieceHashes.length + files.length * fileBytesExpected;
}

function* fileList(files: readonly LayoutEntry[]): Generator<BEncodable> {
  for (const { bytes, components, isPad } of files) {
    yield { attr: isPad ? 'p' : undefined, length: bytes, path: components };
  }
}

/** BEP 52: one dictionary per folder. A file is a dictionary under an empty key below its name. */
class FileTree<File extends LayoutEntry> {
  readonly #files: readonly File[];
  readonly #piecesRootOf: (file: File) => Uint8Array | undefined;

  constructor(files: readonly File[], piecesRootOf: (file: File) => Uint8Array | undefined) {
    this.#files = files.filter((file) => !file.isPad);
    this.#piecesRootOf = piecesRootOf;
  }

  /**
   * The entries of one folder. Its files are next to each other in the order of the tree: those from `from`
   * up to and without `to`. `depth` is the number of folders around them.
   */
  *entries(depth = 0, from = 0, to = this.#files.length): Generator<readonly [string, BEncodable]> {
    for (let next = from; next < to; ) {
      const file = this.#files[next]!;
      const name = file.components[depth]!;
      if (file.components.length === depth + 1) {
        yield [name, { '': { length: file.bytes, 'pieces root': this.#piecesRootOf(file) } }];
        next++;
        continue;
      }
      const first = next;
      while (next < to && this.#files[next]!.components[depth] === name) next++;
      yield [name, Lazy.dict(this.entries(depth + 1, first, next))];
    }
  }
}

/** The keys beside the info dictionary. */
export interface OuterFields {
  readonly trackers?: readonly (readonly string[])[] | undefined;
  readonly webSeeds?: readonly string[] | undefined;
  readonly comment?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970. Leave it out if the same folder should give the same torrent file every day. */
  readonly creationDate?: number | undefined;
  /** The encoding of the names in the info dictionary, if it is not UTF-8. */
  readonly encoding?: string | undefined;
  /** v2 and hybrid. */
  readonly pieceLayers?: readonly PieceLayer[] | undefined;
}

/**
 * A whole torrent file around an existing info dictionary. A Metainfo can be passed and is written back,
 * without keys that are unknown to us.
 */
export function encodeMetainfo(fields: OuterFields & { readonly infoBytes: Uint8Array }): Uint8Array {
  const { infoBytes } = fields;
  const hasV2 = scan(infoBytes, localLimits).get('meta version') !== undefined;
  return encode(
    torrentValue(new Encoded(infoBytes), hasV2, fields),
    infoBytes.length + outerBytesExpected(fields),
  );
}

/**
 * A whole torrent file. `infoBytes` is a view of `bytes`, so that a large dictionary is in memory only once.
 */
export function encodeTorrent<File extends LayoutEntry>(
  info: InfoFields<File>,
  outer: OuterFields,
): { bytes: Uint8Array; infoBytes: Uint8Array } {
  const located = new Located(infoValue(info));
  const hasV2 = info.format !== undefined && info.format !== 'v1';
  const value = torrentValue(located, hasV2, outer);
  const bytes = encode(value, infoBytesExpected(info) + outerBytesExpected(outer));
  return { bytes, infoBytes: bytes.subarray(located.start, located.end) };
}

function torrentValue(info: BEncodable, hasV2: boolean, fields: OuterFields): BEncodable {
  const trackers = (fields.trackers ?? []).filter((tier) => tier.length > 0);
  const webSeeds = fields.webSeeds ?? [];
  const layers = (fields.pieceLayers ?? []).map(({ root, hashes }): [Uint8Array, Uint8Array] => [
    root,
    hashes,
  ]);
  return {
    announce: trackers[0]?.[0],
    // BEP 12: only clients that support tiers read this. It is written only if it says more than `announce`.
    'announce-list': trackers.flat().length > 1 ? trackers : undefined,
    comment: fields.comment,
    'created by': fields.createdBy,
    'creation date': fields.creationDate,
    encoding: fields.encoding,
    info,
    // BEP 52: a v2 torrent without this key is invalid, even if no file is longer than a piece.
    'piece layers': hasV2 ? new Map(layers) : undefined,
    // BEP 19: some old clients read only a plain string.
    'url-list': webSeeds.length > 1 ? webSeeds : webSeeds[0],
  };
}

/** Each layer with its root and two lengths, plus 4 KiB for all other keys. */
function outerBytesExpected({ pieceLayers = [] }: OuterFields): number {
  return pieceLayers.reduce((sum, { hashes }) => sum + hashes.length + 48, 4096);
}
