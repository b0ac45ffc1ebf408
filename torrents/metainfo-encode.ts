/**
 * Writes torrent files. The info dictionary goes in as bytes, so that one that came from somewhere else keeps its hash.
 *
 * Invariant: the same fields give the same bytes, and our own reader takes them.
 * Left to others: making the hashes, the order of the files and their pads (create.ts).         BEP 3, 12, 19, 27, 47, 52
 */
import { localLimits, scan } from './bencode.ts';
import { type BEncodable, encode, Lazy } from './bencode-encode.ts';
import type { LayoutEntry } from './file-layout.ts';
import type { PieceLayer, TorrentFormat } from './metainfo.ts';

export interface InfoFields {
  /** v1 if left out. */
  readonly format?: TorrentFormat | undefined;
  readonly name: string;
  /** The one file is the torrent, without a folder around it. */
  readonly isSingleFile?: boolean | undefined;
  readonly pieceLength: number;
  /** v1 and hybrid: 20 bytes a piece. */
  readonly pieceHashes: Uint8Array;
  /** In order, for v2 and hybrid that of the tree; for a hybrid with its pads, for v2 and hybrid with the roots of all files that are not empty. */
  readonly files: readonly LayoutEntry[];
  readonly private?: boolean | undefined;
  readonly source?: string | undefined;
}

/** The info dictionary. */
export function encodeInfo(fields: InfoFields): Uint8Array {
  const { format = 'v1', files } = fields;
  const isV1 = format !== 'v2';
  const isV2 = format !== 'v1';
  const listed = isV1 && !fields.isSingleFile;
  return encode({
    name: fields.name,
    'piece length': fields.pieceLength,
    private: fields.private ? 1 : undefined,
    source: fields.source,
    pieces: isV1 ? fields.pieceHashes : undefined,
    length: isV1 && fields.isSingleFile ? files[0]!.bytes : undefined,
    files: listed ? Lazy.list(fileList(files)) : undefined,
    'meta version': isV2 ? 2 : undefined,
    'file tree': isV2 ? fileTree(files.filter((file) => !file.isPad)) : undefined,
  });
}

function* fileList(files: readonly LayoutEntry[]): Generator<BEncodable> {
  for (const { bytes, components, isPad } of files) {
    yield { attr: isPad ? 'p' : undefined, length: bytes, path: components };
  }
}

/**
 * BEP 52: a dictionary a folder; a file is a dictionary under an empty key below its name. The files of a folder, which
 * stand together in the order of the tree, are those from `from` to `to`, and `depth` folders are around them.
 */
function fileTree(files: readonly LayoutEntry[], depth = 0, from = 0, to = files.length): Lazy {
  return Lazy.dict(treeEntries(files, depth, from, to));
}

function* treeEntries(
  files: readonly LayoutEntry[],
  depth: number,
  from: number,
  to: number,
): Generator<readonly [string, BEncodable]> {
  for (let next = from; next < to; ) {
    const { components, bytes, piecesRoot } = files[next]!;
    const name = components[depth]!;
    if (components.length === depth + 1) {
      yield [name, { '': { length: bytes, 'pieces root': piecesRoot } }];
      next++;
      continue;
    }
    const first = next;
    while (next < to && files[next]!.components[depth] === name) next++;
    yield [name, fileTree(files, depth + 1, first, next)];
  }
}

export interface OuterFields {
  readonly infoBytes: Uint8Array;
  readonly trackers?: readonly (readonly string[])[] | undefined;
  readonly webSeeds?: readonly string[] | undefined;
  readonly comment?: string | undefined;
  readonly createdBy?: string | undefined;
  /** Seconds since 1970. Left out, the same folder gives the same file on every day. */
  readonly creationDate?: number | undefined;
  /** v2 and hybrid. */
  readonly pieceLayers?: readonly PieceLayer[] | undefined;
}

/** A whole torrent file. A Metainfo fits, and comes back as it was but for what we do not know of. */
export function encodeMetainfo(fields: OuterFields): Uint8Array {
  const trackers = (fields.trackers ?? []).filter((tier) => tier.length > 0);
  const webSeeds = fields.webSeeds ?? [];
  const info = scan(fields.infoBytes, localLimits);
  const layers = (fields.pieceLayers ?? []).map(({ root, hashes }): [Uint8Array, Uint8Array] => [
    root,
    hashes,
  ]);
  return encode({
    announce: trackers[0]?.[0],
    // BEP 12: only clients that know tiers read it, so it is there only when it says more than `announce`.
    'announce-list': trackers.flat().length > 1 ? trackers : undefined,
    comment: fields.comment,
    'created by': fields.createdBy,
    'creation date': fields.creationDate,
    info,
    // BEP 52: a v2 torrent without this key is not valid, even when no file is longer than a piece.
    'piece layers': info.get('meta version') === undefined ? undefined : new Map(layers),
    // BEP 19: some old clients read nothing but a plain string.
    'url-list': webSeeds.length > 1 ? webSeeds : webSeeds[0],
  });
}
