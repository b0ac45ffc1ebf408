/**
 * What a torrent says of each of its pieces, in the form the storage threads check: SHA-1 for v1, a Merkle root for v2,
 * both for a hybrid.                                                                                   BEP 3 52
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { hashBytes, leafBytes, treeWidth } from '../../../torrents/merkle.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { ExpectedHashes } from './storage-job.ts';

const sha1Bytes = 20;

/** A torrent of format v2 alone may come without: from a magnet link, which has only the roots of its files. */
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
    // In v2 a piece belongs to one file: the one it begins with; what follows is pad.
    const [first] = layout.segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex));
    const file = metainfo.files[first!.fileIndex]!;
    // A file of one piece has a tree of its own width; the pieces of longer ones are all as wide as a whole piece.
    const width = file.bytes <= pieceLength ? treeWidth(file.bytes) : pieceLength / leafBytes;
    const hash = pieceRoots.slice(pieceIndex * hashBytes, (pieceIndex + 1) * hashBytes);
    return { sha1, root: { hash, bytes: first!.bytes, width } };
  };
}
