/**
 * Assigns offsets in the new torrent to the files found, and assigns the hashes back to the files.
 *
 * Invariant: v1 lists files in natural order, without gaps. v2 and hybrid list them in the order of the file
 * tree, each at the start of a piece: a hybrid fills up the pieces with pads, v2 leaves gaps.   BEP 3, 47, 52
 */
import { localLimits } from '../bencode/bencode.ts';
import { hashBytes, pieceLayerHeight, rootOf } from '../merkle.ts';
import type { LayoutEntry } from '../metainfo/file-layout.ts';
import type { PieceLayer, TorrentFormat } from '../metainfo/metainfo.ts';
import { comparePaths, compareTreePaths } from '../paths/natural-order.ts';
import { CreateError } from './create-error.ts';
import type { FoundFile } from './folder-scan.ts';

export interface PlacedFile extends LayoutEntry {
  /** From the start of the torrent, in bytes. */
  readonly offset: number;
  /** The modification time seen by the scan. Undefined for pads. */
  readonly mtimeMs: number | undefined;
}

export interface PlacedFiles {
  readonly files: readonly PlacedFile[];
  readonly totalBytes: number;
}

export function placeFiles(
  found: readonly FoundFile[],
  format: TorrentFormat,
  pieceLength: number,
): PlacedFiles {
  if (format !== 'v1') refuseDeepTree(found);
  const compare = format === 'v1' ? comparePaths : compareTreePaths;
  const aligned = format !== 'v1';
  // As in libtorrent, a pad follows each file, the last one too, unless the torrent has only one file. So
  // equal folders get equal hashes.
  const padded = format === 'hybrid' && found.length > 1;
  const padPath = padPaths();
  const files: PlacedFile[] = [];
  let offset = 0;
  let totalBytes = 0;
  for (const { components, bytes, mtimeMs } of found.toSorted((a, b) =>
    compare(a.components, b.components),
  )) {
    files.push({ components, bytes, isPad: false, offset, mtimeMs });
    offset += bytes;
    if (bytes > 0) totalBytes = offset;
    const gap = aligned ? (pieceLength - (offset % pieceLength)) % pieceLength : 0;
    if (gap > 0 && padded) {
      files.push({ components: padPath(gap), bytes: gap, isPad: true, offset, mtimeMs: undefined });
      totalBytes = offset + gap;
    }
    offset += gap;
  }
  return { files, totalBytes };
}

/** The path of a pad (BEP 47). Pads of equal length share one, and no pad is longer than a piece. */
function padPaths(): (bytes: number) => readonly string[] {
  const known = new Map<number, readonly string[]>();
  return (bytes) => {
    const path = known.get(bytes) ?? ['.pad', String(bytes)];
    known.set(bytes, path);
    return path;
  };
}

/**
 * The file tree has one dictionary per folder. Four more enclose it or end it: the torrent, the info
 * dictionary, the tree and the file. Readers, ours included, stop at a depth of 100.
 */
const treeDepthMax = localLimits.depthMax - 4;

function refuseDeepTree(found: readonly FoundFile[]): void {
  const deep = found.find((file) => file.components.length > treeDepthMax);
  if (deep === undefined) return;
  const where = deep.components.join('/');
  const message = `${where} lies more than ${treeDepthMax} folders deep, which only a v1 torrent can hold`;
  throw new CreateError('create-too-deep', message, where);
}

export interface RootedFiles {
  readonly piecesRootOf: (file: PlacedFile) => Uint8Array | undefined;
  readonly pieceLayers: readonly PieceLayer[];
}

/** `rootTable`: the Merkle root of each piece, 32 bytes each. */
export function rootFiles(
  files: readonly PlacedFile[],
  rootTable: Uint8Array,
  pieceLength: number,
): RootedFiles {
  const height = pieceLayerHeight(pieceLength);
  // One copy out of shared memory. The layers are views of it.
  const table = rootTable.slice();
  const layerOf = ({ offset, bytes }: PlacedFile) => {
    const first = offset / pieceLength;
    return table.subarray(first * hashBytes, (first + Math.ceil(bytes / pieceLength)) * hashBytes);
  };
  const roots = new Map<PlacedFile, Uint8Array>();
  const layers = new Map<string, PieceLayer>();
  for (const file of files) {
    if (file.isPad || file.bytes <= pieceLength) continue;
    const hashes = layerOf(file);
    const root = rootOf(hashes, height);
    roots.set(file, root);
    // Identical files share one layer, and a dictionary cannot repeat a key.
    layers.set(Buffer.from(root).toString('latin1'), { root, hashes });
  }
  return {
    // The root of a file that fits into one piece is that of the piece. The view is made on demand, not kept
    // for 100,000 files.
    piecesRootOf: (file) => (file.isPad || file.bytes === 0 ? undefined : (roots.get(file) ?? layerOf(file))),
    pieceLayers: [...layers.values()],
  };
}
