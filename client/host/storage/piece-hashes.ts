/**
 * The expected hashes of each piece, in the form that the storage threads check: SHA-1 for v1, a Merkle root
 * for v2, both for a hybrid torrent.                                                                 BEP 3 52
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { hashBytes, leafBytes, treeWidth } from '../../../torrents/merkle.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { ExpectedHashes } from './storage-job.ts';

const sha1Bytes = 20;

/**
 * A v2-only torrent from a magnet link may have no piece hashes yet: its info dictionary has only the roots
 * of the files.
 */
export function hasPieceHashes({ pieceHashes, pieceRoots, geometry }: Metainfo): boolean {
  return pieceHashes.length > 0 || pieceRoots !== undefined || geometry.pieceCount === 0;
}

export function expectedHashes(metainfo: Metainfo): (pieceIndex: PieceIndex) => ExpectedHashes {
  const { geometry, layout, pieceHashes, pieceRoots, pieceLength } = metainfo;
  return (pieceIndex) => {
    const sha1 =
      pieceHashes.length === 0
        ? undefined
        : pieceHashes.slice(pieceIndex * sha1Bytes, (pieceIndex + 1) * sha1Bytes);
    if (pieceRoots === undefined) return { sha1, root: undefined };
    // In v2 a piece belongs to one file, the one it begins with; the rest of the piece is padding.
    const [first] = layout.segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex));
    const file = metainfo.files[first!.fileIndex]!;
    // A file of one piece has a tree as wide as the file needs. In a longer file, every piece is as wide as a
    // whole piece.
    const width = file.bytes <= pieceLength ? treeWidth(file.bytes) : pieceLength / leafBytes;
    const hash = pieceRoots.slice(pieceIndex * hashBytes, (pieceIndex + 1) * hashBytes);
    return { sha1, root: { hash, bytes: first!.bytes, width } };
  };
}
