/**
 * Puts the files that were found into the byte space of a torrent that is being made, and what was hashed back to them.
 *
 * Invariant: v1 lists files in natural order without a gap; v2 and hybrid list them in the order of the file tree, each
 * at the start of a piece: in a hybrid because pads fill the pieces up, in v2 because the space has gaps.  BEP 3, 47, 52
 */
import { localLimits } from './bencode.ts';
import { CreateError } from './create-error.ts';
import type { LayoutEntry } from './file-layout.ts';
import type { FoundFile } from './folder-scan.ts';
import type { PlannedFile } from './hashing/plan.ts';
import { hashBytes, pieceLayerHeight, rootOf } from './merkle.ts';
import type { PieceLayer, TorrentFormat } from './metainfo.ts';
import { comparePaths, compareTreePaths } from './natural-order.ts';

export interface PlacedFile extends PlannedFile, LayoutEntry {}

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
  const files: PlacedFile[] = [];
  let offset = 0;
  let totalBytes = 0;
  for (const file of [...found].sort((a, b) => compare(a.components, b.components))) {
    files.push({ ...file, offset });
    offset += file.bytes;
    if (file.bytes > 0) totalBytes = offset;
    const gap = aligned ? (pieceLength - (offset % pieceLength)) % pieceLength : 0;
    if (gap > 0 && padded) {
      files.push({ path: undefined, components: ['.pad', String(gap)], bytes: gap, offset, isPad: true });
      totalBytes = offset + gap;
    }
    offset += gap;
  }
  return { files, totalBytes };
}

/**
 * A tree of files is a dictionary a folder, and four more around it and at its end: the torrent, the info dictionary,
 * the tree, the file. Readers stop at a depth of 100, our own first.
 */
const treeDepthMax = localLimits.depthMax - 4;

function refuseDeepTree(found: readonly FoundFile[]): void {
  const deep = found.find((file) => file.components.length > treeDepthMax);
  if (deep === undefined) return;
  const message = `${deep.path} lies more than ${treeDepthMax} folders deep, which only a v1 torrent can hold`;
  throw new CreateError('create-too-deep', message, deep.path);
}

export interface RootedFiles {
  readonly entries: readonly LayoutEntry[];
  readonly pieceLayers: readonly PieceLayer[];
}

/** `rootTable`: the Merkle root of every piece, 32 bytes each. */
export function rootFiles(
  files: readonly PlacedFile[],
  rootTable: Uint8Array,
  pieceLength: number,
): RootedFiles {
  const height = pieceLayerHeight(pieceLength);
  // Out of shared memory once, and then views: 100,000 small buffers would cost more than what is in them.
  const roots = rootTable.slice();
  const layers = new Map<string, PieceLayer>();
  const entries = files.map((file): LayoutEntry => {
    if (file.isPad || file.bytes === 0) return file;
    const first = file.offset / pieceLength;
    const hashes = roots.subarray(
      first * hashBytes,
      (first + Math.ceil(file.bytes / pieceLength)) * hashBytes,
    );
    if (hashes.length === hashBytes) return { ...file, piecesRoot: hashes };
    const piecesRoot = rootOf(hashes, height);
    // Identical files share one layer, and a dictionary cannot have a key twice.
    layers.set(Buffer.from(piecesRoot).toString('latin1'), { root: piecesRoot, hashes });
    return { ...file, piecesRoot };
  });
  return { entries, pieceLayers: [...layers.values()] };
}
