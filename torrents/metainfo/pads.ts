/**
 * Finds the pieces that end in a pad: zeros that move the next file to the start of a piece. Pads count as
 * bytes of the torrent, and are neither requested nor written.                                         BEP 47
 */
import type { Geometry, PieceIndex } from '../geometry.ts';
import type { TorrentFile } from './file-layout.ts';

/** The bytes before the pad, for each piece that ends in one. */
export function dataBytesOfPadded(
  geometry: Geometry,
  files: readonly Pick<TorrentFile, 'isPad' | 'offset' | 'bytes'>[],
): Map<PieceIndex, number> {
  const padded = new Map<PieceIndex, number>();
  for (const { isPad, offset, bytes } of files) {
    if (!isPad || bytes === 0) continue;
    const pieceIndex = geometry.pieceIndex(Math.floor(offset / geometry.pieceLength));
    if (pieceIndex === undefined) continue;
    const before = offset - geometry.pieceOffset(pieceIndex);
    // A pad anywhere else than at the end of its piece is requested like other data.
    if (before > 0 && before + bytes === geometry.pieceBytes(pieceIndex)) padded.set(pieceIndex, before);
  }
  return padded;
}
