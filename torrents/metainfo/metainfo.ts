/**
 * Reads torrent files, and bare info dictionaries from peers (BEP 9). The input is hostile: sizes, counts,
 * paths and the relations between fields are all checked here.
 *
 * Invariant: the files of a Metainfo can be laid out, hashed and shared without further checks. The info-hash
 * is computed from the original bytes, never from a new encoding. Byte fields are views of the input.
 * Left to others: writing (metainfo-encode.ts), whether a tracker may be contacted (the code that connects).
 *                                                                                   BEP 3, 12, 19, 27, 47, 52
 */
import {
  type BencodeLimits,
  type BValue,
  localLimits,
  peerLimits,
  scan,
  scanPrefix,
} from '../bencode/bencode.ts';
import { hex } from '../byte-text.ts';
import { Geometry } from '../geometry.ts';
import { displayPath, hostPlatform, type PathPlatform } from '../paths/path-rules.ts';
import { FileLayout, type LayoutEntry, type TorrentFile } from './file-layout.ts';
import { infoHashes, type TorrentFormat } from './info-hashes.ts';
import {
  MetainfoError,
  type MetainfoWarning,
  readPieceLength,
  readText,
  readTrackers,
  readWebSeeds,
  Warnings,
} from './metainfo-fields.ts';
import { readV1 } from './metainfo-v1.ts';
import {
  joinPaths,
  lacksLayers,
  mergeHybrid,
  type PieceLayer,
  pieceRootsOf,
  readPieceLayers,
  readV2,
  sortedDict,
} from './metainfo-v2.ts';
import { declaredEncoding, type NamedPath, NameReader, pathDepthMax } from './name-reader.ts';
import { refuseOtherFiles } from './other-files.ts';
import { scanned, warnOfKeyOrder } from './scanned.ts';

export { MetainfoError, type MetainfoWarning, type PieceLayer, type TorrentFormat };

export interface Metainfo {
  readonly format: TorrentFormat;
  /**
   * The name of the torrent's top folder or single file, as its author wrote it. If the name is empty: the
   * info-hash in hex. To show it, use displayPath([name]).
   */
  readonly name: string;
  /**
   * 20 bytes, sent in handshakes and announces. SHA-1; in a v2-only torrent the start of infoHashV2 (BEP 52).
   */
  readonly infoHash: Uint8Array;
  /** 32 bytes, SHA-256. */
  readonly infoHashV2: Uint8Array | undefined;
  /** BEP 27: peers come only from the trackers. */
  readonly private: boolean;
  readonly pieceLength: number;
  /** v1 and hybrid: SHA-1 of each piece, 20 bytes each. v2: empty. */
  readonly pieceHashes: Uint8Array;
  /**
   * v2 and hybrid: Merkle root of each piece, 32 bytes each. Undefined while only the info dictionary from
   * peers (BEP 9) is known, because it comes without the piece layers.
   */
  readonly pieceRoots: Uint8Array | undefined;
  /** v2 and hybrid: the verified layer of each file longer than a piece. Used to answer `hash request`. */
  readonly pieceLayers: readonly PieceLayer[];
  readonly geometry: Geometry;
  readonly layout: FileLayout;
  /** The files of the layout, with pads. */
  readonly files: readonly TorrentFile[];
  /** Bytes of all files, without pads. */
  readonly bytes: number;
  /** BEP 12: tiers in the order of the file. */
  readonly trackers: readonly (readonly string[])[];
  /** BEP 19. */
  readonly webSeeds: readonly string[];
  readonly comment: string | undefined;
  readonly source: string | undefined;
  readonly createdBy: string | undefined;
  /** Seconds since 1970. */
  readonly creationDate: number | undefined;
  /** The encoding of the names, if it is not UTF-8: a label of the Encoding Standard. */
  readonly encoding: string | undefined;
  readonly warnings: readonly MetainfoWarning[];
  /** The original bytes of the info dictionary. */
  readonly infoBytes: Uint8Array;
}

export interface ParseOptions {
  readonly limits?: BencodeLimits;
  /** The platform whose rules the disk paths follow. Default: this machine's. */
  readonly platform?: PathPlatform;
  /** A torrent without piece layers is no error, and has no roots: peers of a magnet link send none. BEP 9 */
  readonly mayLackLayers?: boolean;
}

/** Reads a torrent file. Throws MetainfoError. */
export function parseMetainfo(bytes: Uint8Array, options: ParseOptions = {}): Metainfo {
  refuseOtherFiles(bytes);
  const root = scanned(() => scanPrefix(bytes, options.limits ?? localLimits));
  const info = root.get('info');
  if (info === undefined) {
    throw new MetainfoError('metainfo-info-missing', 'this is no torrent: it has no `info` dictionary');
  }
  const warnings = new Warnings();
  if (root.end < bytes.length)
    warnings.add('bytes-after-end', `${bytes.length - root.end} bytes after its end are passed over`);
  if (root.hasLargeIntegers)
    warnings.add('integer-range', 'numbers beyond 2^53 are passed over: nothing that is needed is so large');
  warnOfKeyOrder(root, warnings);
  const encoding = declaredEncoding(root);
  const creationDate = root.get('creation date')?.integer;
  const outer = {
    trackers: readTrackers(root, warnings),
    webSeeds: readWebSeeds(root, warnings),
    comment: readText(root, 'comment'),
    createdBy: readText(root, 'created by'),
    creationDate: creationDate !== undefined && creationDate >= 0 ? creationDate : undefined,
    encoding: encoding?.encoding,
  };
  const names = new NameReader(encoding, warnings);
  const { platform = hostPlatform, mayLackLayers = false } = options;
  const proof = { layers: root.get('piece layers'), mayLackLayers };
  return readInfo(info, { platform, names, warnings, outer, proof });
}

export interface ParseInfoOptions extends ParseOptions {
  readonly trackers?: readonly (readonly string[])[];
  readonly webSeeds?: readonly string[];
}

/**
 * Reads a bare info dictionary. The caller has compared its hash with the requested one. Throws
 * MetainfoError.
 */
export function parseInfo(infoBytes: Uint8Array, options: ParseInfoOptions = {}): Metainfo {
  // Bytes after the end would be part of the hash, and no program would pass them on.
  const info = scanned(() => scan(infoBytes, options.limits ?? peerLimits));
  const outer = {
    trackers: options.trackers ?? [],
    webSeeds: options.webSeeds ?? [],
    comment: undefined,
    createdBy: undefined,
    creationDate: undefined,
    encoding: undefined,
  };
  const warnings = new Warnings();
  const names = new NameReader(undefined, warnings);
  const { platform = hostPlatform } = options;
  return readInfo(info, { platform, names, warnings, outer, proof: undefined });
}

type OuterFields = Pick<
  Metainfo,
  'trackers' | 'webSeeds' | 'comment' | 'createdBy' | 'creationDate' | 'encoding'
>;

/** The context in which the info dictionary is read. */
interface Around {
  readonly platform: PathPlatform;
  readonly names: NameReader;
  readonly warnings: Warnings;
  readonly outer: OuterFields;
  /** The `piece layers` of a torrent file. Undefined: peers sent the info dictionary alone. */
  readonly proof: { readonly layers: BValue | undefined; readonly mayLackLayers: boolean } | undefined;
}

function readInfo(info: BValue, { platform, names, warnings, outer, proof: given }: Around): Metainfo {
  if (info.kind !== 'dict') throw new MetainfoError('metainfo-info-missing', '`info` is not a dictionary');
  // BEP 52: checked first, so that the error is about the version.
  const version = info.get('meta version')?.integer ?? 0;
  if (version > 2 || info.get('meta version')?.isLargeInteger) {
    const message = `this torrent is of version ${version || 'unknown'}, which this program does not know`;
    throw new MetainfoError('metainfo-version', message);
  }
  const hasV2 = version === 2;
  const hasV1 = !hasV2 || info.get('pieces') !== undefined;
  if (hasV2) sortedDict(info, 'the info dictionary');
  warnOfKeyOrder(info, warnings);
  const infoBytes = info.raw;
  const format = !hasV2 ? 'v1' : hasV1 ? 'hybrid' : 'v2';
  const { infoHash, infoHashV2 } = infoHashes(infoBytes, format);
  const top = topName(names.top(info), infoHash, warnings);
  const { name } = top;
  const pieceLength = readPieceLength(info, hasV2, warnings);

  const v2 = hasV2 ? readV2(info, top, pieceLength, names, warnings) : undefined;
  const v1 = hasV1 ? readV1(info, top, pieceLength, names, warnings) : undefined;
  const half = v1 ?? v2;
  if (half === undefined) throw new RangeError('a torrent is of one version at least');
  const listed = v1 && v2 ? mergeHybrid(v1.entries, v2.entries, pieceLength) : half.entries;
  const { entries, isSingleFile } = belowTop(listed, half.isSingleFile, top);
  refusePathsTwice(entries, warnings);
  const alignment = v1 ? 1 : pieceLength;
  const rawName = top.raw?.[0];
  const layout = new FileLayout(entries, { name, rawName, isSingleFile, platform, alignment });
  if (layout.rootName !== layout.ownRootName) {
    const message = `its name is a hidden one, ${displayPath([name])}: it is called ${displayPath([layout.rootName])} where it is fetched`;
    warnings.add('name-hidden', message);
  }
  const bytes = layout.files.reduce((sum, file) => sum + (file.isPad ? 0 : file.bytes), 0);
  // Torrents of empty files only are accepted: mktorrent makes them. They are complete once the files exist.
  if (!layout.files.some(({ isPad }) => !isPad))
    throw new MetainfoError('metainfo-nothing', 'this torrent has no files');

  const geometry = new Geometry(
    layout.totalBytes,
    pieceLength,
    v1 ? undefined : shortPiecesOf(layout, pieceLength),
  );
  const proof =
    given?.mayLackLayers && lacksLayers(given.layers, layout.files, pieceLength) ? undefined : given;
  const pieceLayers = v2 && proof ? readPieceLayers(proof.layers, layout.files, pieceLength) : [];
  return {
    format,
    name,
    infoHash,
    infoHashV2,
    private: info.get('private')?.integer === 1,
    pieceLength,
    pieceHashes: v1?.pieceHashes ?? new Uint8Array(),
    pieceRoots: v2 && proof ? pieceRootsOf(layout.files, pieceLayers, geometry) : undefined,
    pieceLayers,
    geometry,
    layout,
    files: layout.files,
    bytes,
    ...outer,
    source: readText(info, 'source'),
    warnings: warnings.list(),
    infoBytes,
  };
}

/** As in libtorrent, a torrent without a name is named by its info-hash. */
function topName(
  named: NamedPath,
  infoHash: Uint8Array,
  warnings: Warnings,
): NamedPath & { readonly name: string } {
  const [own] = named.components;
  if (own !== undefined) return { ...named, name: own };
  const name = hex(infoHash);
  warnings.add('name-empty', `its name is empty: it is called by its info-hash, ${name}`);
  return { components: [name], name };
}

/**
 * Moves the paths below the top folder. A name with slashes makes further folders, and then a single file
 * lies in a folder.
 */
function belowTop(
  entries: readonly LayoutEntry[],
  isSingleFile: boolean,
  top: NamedPath,
): { entries: readonly LayoutEntry[]; isSingleFile: boolean } {
  if (top.components.length === 1) return { entries, isSingleFile };
  const within = { components: top.components.slice(1), raw: top.raw?.slice(1) };
  const below = entries.map((entry) =>
    entry.isPad ? entry : { ...entry, ...(isSingleFile ? within : joinPaths(within, entry)) },
  );
  if (below.some(({ components }) => components.length > pathDepthMax))
    throw new MetainfoError('metainfo-path-depth', `a file lies more than ${pathDepthMax} folders deep`);
  return { entries: below, isSingleFile: false };
}

/** Refuses two paths that became equal when they were cleaned up: it is unclear which file is meant. */
function refusePathsTwice(entries: readonly LayoutEntry[], warnings: Warnings): void {
  if (!warnings.has('path-slash') && !warnings.has('path-parts-empty')) return;
  const seen = new Set<string>();
  for (const { components, isPad } of entries) {
    if (isPad) continue;
    const path = components.join('/');
    if (seen.has(path))
      throw new MetainfoError('path-twice', `two files have one path: ${displayPath(components)}`);
    seen.add(path);
  }
}

/** BEP 52 without pads: the last piece of each file ends with the file. */
function shortPiecesOf(layout: FileLayout, pieceLength: number): Map<number, number> {
  const short = new Map<number, number>();
  for (const { bytes, offset } of layout.files) {
    if (bytes % pieceLength !== 0) short.set(Math.floor((offset + bytes) / pieceLength), bytes % pieceLength);
  }
  return short;
}
