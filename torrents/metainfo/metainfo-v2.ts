/**
 * The half of a torrent that BEP 52 describes: a tree of files, each with a Merkle root, and beside the info dictionary
 * the layers that prove the pieces of every file.
 *
 * Invariant: components have no fault, sizes add up within 2^53, every file that needs a layer has one of the right
 * length whose root is the file's. Left to others: the rest of the dictionary (metainfo.ts).                BEP 47, 52
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

/** The hashes of a file's pieces, proved by its root. */
export interface PieceLayer {
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** 32 bytes a piece. */
  readonly hashes: Uint8Array;
}

export interface V2Files {
  /** In the order of the tree, without pads. Of a single file the components are the torrent's name. */
  readonly entries: readonly LayoutEntry[];
  readonly isSingleFile: boolean;
}

/** `top`: the torrent's own name. */
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
  // BEP 52: a tree of one file that is called like the torrent is that file, and not a folder with one file in it.
  const isSingleFile =
    entries.length === 1 && entries.every((entry) => isSamePath(entry.components, top.components));
  return { entries, isSingleFile };
}

/** One below the other. */
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
  // BEP 52: a file must not have siblings under its own name.
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

/** `piece layers` → the layer of each file that is longer than a piece; identical files share one. */
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

/** There are none at all, and some file needs one: of a file of one piece the root is that of the piece. */
export function lacksLayers(
  layers: BValue | undefined,
  files: readonly TorrentFile[],
  pieceLength: number,
): boolean {
  const isEmpty = layers === undefined || (layers.kind === 'dict' && layers.entries().next().done === true);
  return isEmpty && files.some(({ piecesRoot, bytes }) => piecesRoot !== undefined && bytes > pieceLength);
}

/** The Merkle root of every piece, flat: a file's layer, or for a file of one piece its own root. */
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
 * The files of a hybrid: v1's, which have the pads, with the roots that v2 gives them. BEP 52: both halves must describe
 * the same files in the same places, or two swarms would fill one folder with different things.
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
    // Where an empty file lies is nowhere: only files with bytes have a place worth comparing.
    if (entry.bytes > 0) offsetV2 = Math.ceil(offsetV2 / pieceLength) * pieceLength;
    const samePlace = entry.bytes === 0 || offsetV1 === offsetV2;
    if (!samePlace || twin?.bytes !== entry.bytes || !isSamePath(entry.components, twin.components)) {
      throw hybridMismatch();
    }
    offsetV2 += entry.bytes;
    return { ...entry, piecesRoot: twin.piecesRoot };
  });
  // A pad may fill up the last piece, but not make one of its own.
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

/** BEP 52 lets nobody be lenient about the order of keys: what two programs may read differently is refused. */
export function sortedDict(value: BValue | undefined, where: string): BValue {
  if (value?.keyOrder === undefined)
    throw new MetainfoError('metainfo-file-tree', `${where} is no dictionary`);
  if (value.keyOrder !== 'sorted') {
    throw new MetainfoError('metainfo-key-order', `the keys of ${where} are not in order`);
  }
  return value;
}
