/**
 * Reads the v2 part of a torrent (BEP 52): a tree of files, each with a Merkle root, and beside the info
 * dictionary the piece layers that prove the pieces of each file.
 *
 * Invariant: components are valid and sizes add up to less than 2^53. Each file that needs a piece layer has
 * one of the right length that leads to the file's root.
 * Left to others: the rest of the dictionary (metainfo.ts).                                        BEP 47, 52
 */
import type { BValue } from '../bencode/bencode.ts';
import { latin1 } from '../byte-text.ts';
import type { Geometry } from '../geometry.ts';
import { hashBytes, pieceLayerHeight, rootOf } from '../merkle.ts';
import type { LayoutEntry, TorrentFile } from './file-layout.ts';
import {
  addBytes,
  checkPieceCount,
  filesMax,
  MetainfoError,
  readBytes,
  type Warnings,
} from './metainfo-fields.ts';
import { type NamedPath, type NameReader, pathDepthMax } from './name-reader.ts';

/** The hashes of the pieces of a file. The file's root proves them. */
export interface PieceLayer {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** 32 bytes per piece. */
  readonly hashes: Uint8Array;
}

export interface V2Files {
  /** In the order of the tree, without pads. For a single file the components are the torrent's name. */
  readonly entries: readonly LayoutEntry[];
  readonly isSingleFile: boolean;
}

/** `top`: the torrent's name. */
export function readV2(
  info: BValue,
  top: NamedPath,
  pieceLength: number,
  names: NameReader,
  warnings: Warnings,
): V2Files {
  if (!Number.isInteger(Math.log2(pieceLength))) {
    throw new MetainfoError(
      'metainfo-piece-length',
      'the piece length of a v2 torrent must be a power of two',
    );
  }
  const tree = sortedDict(info.get('file tree'), '`file tree`');
  const entries: LayoutEntry[] = [];
  let pieceCount = 0;
  let totalBytes = 0;
  const walk = (folder: BValue, above: NamedPath): void => {
    for (const [key, value] of folder.entries()) {
      const path = joinPaths(above, names.key(key, `a file in ${shown(above) || shown(top)}`));
      const where = shown(path);
      if (path.components.length > pathDepthMax) {
        throw new MetainfoError(
          'metainfo-path-depth',
          `${where} lies more than ${pathDepthMax} folders deep`,
        );
      }
      const entry = sortedDict(value, where);
      const file = entry.get('');
      if (file === undefined) walk(entry, path);
      else {
        const found = readFile(entry, file, path, warnings);
        entries.push(found);
        const { bytes } = found;
        totalBytes = addBytes(totalBytes, bytes);
        pieceCount += Math.ceil(bytes / pieceLength);
        if (entries.length > filesMax) {
          throw new MetainfoError('metainfo-too-many-files', `there are more than ${filesMax} files`);
        }
      }
    }
  };
  walk(tree, { components: [] });
  checkPieceCount(pieceCount, warnings);
  // BEP 52: if the only file has the torrent's name, the torrent is a single file, not a folder with one
  // file.
  const isSingleFile =
    entries.length === 1 && entries.every((entry) => isSamePath(entry.components, top.components));
  return { entries, isSingleFile };
}

/** Appends `below` to `above`. */
export function joinPaths(above: NamedPath, below: NamedPath): NamedPath {
  const components = [...above.components, ...below.components];
  if (above.raw === undefined && below.raw === undefined) return { components };
  return { components, raw: [...rawOf(above), ...rawOf(below)] };
}

function rawOf({ components, raw }: NamedPath): readonly Uint8Array[] {
  return raw ?? components.map((component) => Buffer.from(component));
}

function shown({ components }: NamedPath): string {
  return components.join('/');
}

function readFile(entry: BValue, file: BValue, path: NamedPath, warnings: Warnings): LayoutEntry {
  const where = shown(path);
  if (path.components.length === 0) throw new MetainfoError('metainfo-path', 'a file has no path');
  // BEP 52: an entry with the empty key is a file, and must have no other key.
  if ([...entry.entries()].length > 1) {
    throw new MetainfoError('metainfo-file-tree', `${where} is a file and a folder at once`);
  }
  const fields = sortedDict(file, where);
  const bytes = readBytes(fields.get('length'), where);
  if (fields.get('attr')?.text?.includes('l'))
    warnings.add('link-ignored', 'symbolic links are taken for empty files');
  const piecesRoot = fields.get('pieces root')?.bytes;
  if (bytes > 0 && piecesRoot?.length !== hashBytes) {
    throw new MetainfoError('metainfo-pieces-root', `${where} has no root of ${hashBytes} bytes`);
  }
  return { ...path, bytes, piecesRoot: bytes > 0 ? piecesRoot : undefined };
}

/** `piece layers` → the layer of each file that is longer than a piece. Identical files share a layer. */
export function readPieceLayers(
  layers: BValue | undefined,
  files: readonly TorrentFile[],
  pieceLength: number,
): PieceLayer[] {
  const byRoot = new Map<string, Uint8Array | undefined>();
  if (layers !== undefined) {
    for (const [key, value] of sortedDict(layers, '`piece layers`').entries())
      byRoot.set(latin1(key), value.bytes);
  }
  const result = new Map<string, PieceLayer>();
  for (const file of files) {
    const root = file.piecesRoot;
    if (root === undefined || file.bytes <= pieceLength) continue;
    const where = file.components.join('/');
    const hashes = byRoot.get(latin1(root));
    if (hashes?.length !== Math.ceil(file.bytes / pieceLength) * hashBytes) {
      throw new MetainfoError(
        'metainfo-piece-layer',
        `the hashes of the pieces of ${where} are missing or too few`,
      );
    }
    if (result.has(latin1(root))) continue;
    if (Buffer.compare(rootOf(hashes, pieceLayerHeight(pieceLength)), root) !== 0) {
      throw new MetainfoError(
        'metainfo-piece-layer',
        `the hashes of the pieces of ${where} do not match its root`,
      );
    }
    result.set(latin1(root), { root, hashes });
  }
  return [...result.values()];
}

/** True when `piece layers` is empty and a file needs one: a file of one piece does not. */
export function lacksLayers(
  layers: BValue | undefined,
  files: readonly TorrentFile[],
  pieceLength: number,
): boolean {
  const isEmpty = layers === undefined || (layers.kind === 'dict' && layers.entries().next().done === true);
  return isEmpty && files.some(({ piecesRoot, bytes }) => piecesRoot !== undefined && bytes > pieceLength);
}

/**
 * The Merkle root of each piece, one after the other: the file's layer, or the root of a file of one piece.
 */
export function pieceRootsOf(
  files: readonly TorrentFile[],
  layers: readonly PieceLayer[],
  geometry: Geometry,
): Uint8Array {
  const byRoot = new Map(layers.map((layer) => [latin1(layer.root), layer.hashes]));
  const roots = new Uint8Array(geometry.pieceCount * hashBytes);
  for (const { piecesRoot, bytes, offset } of files) {
    if (piecesRoot === undefined) continue;
    const hashes = bytes <= geometry.pieceLength ? piecesRoot : byRoot.get(latin1(piecesRoot))!;
    roots.set(hashes, (offset / geometry.pieceLength) * hashBytes);
  }
  return roots;
}

/**
 * The files of a hybrid: those of v1, with its pads and with the roots of v2. BEP 52: both parts must
 * describe the same files at the same offsets. Otherwise two swarms would fill one folder with different
 * data.
 */
export function mergeHybrid(
  v1: readonly LayoutEntry[],
  v2: readonly LayoutEntry[],
  pieceLength: number,
): readonly LayoutEntry[] {
  let next = 0;
  let offset = 0;
  let offsetV2 = 0;
  const merged = v1.map((entry) => {
    const offsetV1 = offset;
    offset += entry.bytes;
    if (entry.isPad) return entry;
    const twin = v2[next++];
    // The offsets of empty files are not compared: they hold no bytes.
    if (entry.bytes > 0) offsetV2 = Math.ceil(offsetV2 / pieceLength) * pieceLength;
    const samePlace = entry.bytes === 0 || offsetV1 === offsetV2;
    if (!samePlace || twin?.bytes !== entry.bytes || !isSamePath(entry.components, twin.components)) {
      throw hybridMismatch();
    }
    offsetV2 += entry.bytes;
    return { ...entry, piecesRoot: twin.piecesRoot };
  });
  // A pad may fill up the last piece, but must not add a piece.
  if (next !== v2.length || offset > Math.ceil(offsetV2 / pieceLength) * pieceLength) throw hybridMismatch();
  return merged;
}

function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((component, index) => component === b[index]);
}

function hybridMismatch(): MetainfoError {
  const message = 'the two versions in this hybrid torrent describe different files';
  return new MetainfoError('metainfo-hybrid-mismatch', message);
}

/** BEP 52 requires sorted keys: two programs could read other orders differently. Throws MetainfoError. */
export function sortedDict(value: BValue | undefined, where: string): BValue {
  if (value?.keyOrder === undefined)
    throw new MetainfoError('metainfo-file-tree', `${where} is no dictionary`);
  if (value.keyOrder !== 'sorted') {
    throw new MetainfoError('metainfo-key-order', `the keys of ${where} are not in order`);
  }
  return value;
}
