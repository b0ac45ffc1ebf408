/**
 * How long the pieces of a new torrent are: the `piece-length` package's answer, about 1,024 pieces, within what every
 * program reads, and shorter where pieces that begin with a file would be filled up with more zeros than music.
 */
import pieceLengthOf from 'piece-length';
import { CreateError } from './create/create-error.ts';
import type { TorrentFormat } from './metainfo/metainfo.ts';
import { usualPieceCountMax, usualPieceLengths } from './metainfo/metainfo-fields.ts';

const { min: pieceLengthMin, max: pieceLengthMax } = usualPieceLengths;

/** For so many bytes in one run. */
export function suggestedPieceLength(totalBytes: number): number {
  // The package has no upper bound, and overflows at 2 TiB.
  const suggested = pieceLengthOf(Math.min(totalBytes, 2 ** 40));
  return Math.min(pieceLengthMax, Math.max(pieceLengthMin, suggested));
}

/** Old clients fetch the pads of a hybrid, and everybody hashes them: an eighth is what that may cost. */
const paddingShareMax = 1 / 8;

/** For files of these sizes. */
export function choosePieceLength(format: TorrentFormat, sizes: readonly number[]): number {
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let pieceLength = suggestedPieceLength(totalBytes);
  if (format === 'v1') return pieceLength;
  while (
    pieceLength > pieceLengthMin &&
    paddedBytes(sizes, pieceLength) > totalBytes * (1 + paddingShareMax)
  ) {
    const shorter = pieceLength / 2;
    if (paddedBytes(sizes, shorter) / shorter > usualPieceCountMax) break;
    pieceLength = shorter;
  }
  return pieceLength;
}

function paddedBytes(sizes: readonly number[], pieceLength: number): number {
  return sizes.reduce((sum, size) => sum + Math.ceil(size / pieceLength) * pieceLength, 0);
}

/** A length that the user gave. Throws CreateError. */
export function checkPieceLength(pieceLength: number): number {
  const isPowerOfTwo = Number.isInteger(Math.log2(pieceLength));
  if (isPowerOfTwo && pieceLength >= pieceLengthMin && pieceLength <= pieceLengthMax) return pieceLength;
  const message = `a piece length of ${pieceLength} bytes is not a power of two from 16 KiB to 16 MiB`;
  throw new CreateError('create-piece-length', message);
}

/** Throws CreateError when there would be more pieces than every program reads. */
export function checkPieceCount(totalBytes: number, pieceLength: number): number {
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  if (pieceCount <= usualPieceCountMax) return pieceCount;
  const message = `these files make ${pieceCount} pieces of ${pieceLength} bytes, and ${usualPieceCountMax} is the most`;
  throw new CreateError('create-too-many-pieces', message);
}
