/**
 * Puts the files that were found into the byte space of a torrent that is being made, and what was hashed back to them.
 *
 * Invariant: v1 lists files in natural order without a gap; v2 and hybrid list them in the order of the file tree, each
 * at the start of a piece: in a hybrid because pads fill the pieces up, in v2 because the space has gaps.  BEP 3, 47, 52
 */
import { localLimits } from '../bencode/bencode.ts';
import { hashBytes, pieceLayerHeight, rootOf } from '../merkle.ts';
import type { LayoutEntry } from '../metainfo/file-layout.ts';
import type { PieceLayer, TorrentFormat } from '../metainfo/metainfo.ts';
import { comparePaths, compareTreePaths } from '../paths/natural-order.ts';
import { CreateError } from './create-error.ts';
import type { FoundFile } from './folder-scan.ts';

export interface PlacedFile extends LayoutEntry {
  /** In the byte space. */
  readonly offset: number;
  /** As the scan saw it; pads have none. */
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
  // As libtorrent has them: after every file, the last one too, but not where there is only one. So that equal folders
  // have equal hashes.
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

/** BEP 47. Pads of one length share their path, and there are never more lengths than there are bytes in a piece. */
function padPaths(): (bytes: number) => readonly string[] {
  const known = new Map<number, readonly string[]>();
  return (bytes) => {
    const path = known.get(bytes) ?? ['.pad', String(bytes)];
    known.set(bytes, path);
    return path;
  };
}

/**
 * A tree of files is a dictionary a folder, and four more around it and at its end: the torrent, the info dictionary,
 * the tree, the file. Readers stop at a depth of 100, our own first.
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

/** `rootTable`: the Merkle root of every piece, 32 bytes each. */
export function rootFiles(
  files: readonly PlacedFile[],
  rootTable: Uint8Array,
  pieceLength: number,
): RootedFiles {
  const height = pieceLayerHeight(pieceLength);
  // Out of shared memory once, and then views.
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
    // Identical files share one layer, and a dictionary cannot have a key twice.
    layers.set(Buffer.from(root).toString('latin1'), { root, hashes });
  }
  return {
    // The root of a file that fits in one piece is that of the piece: a view made when it is written, not 100,000 kept.
    piecesRootOf: (file) => (file.isPad || file.bytes === 0 ? undefined : (roots.get(file) ?? layerOf(file))),
    pieceLayers: [...layers.values()],
  };
}
