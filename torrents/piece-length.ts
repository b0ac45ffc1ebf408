/**
 * Chooses the piece length of a new torrent. The `piece-length` package gives about 1,024 pieces. The result
 * stays within what all programs read, and is shorter where pads would take too much space.
 */
import pieceLengthOf from 'piece-length';
import { CreateError } from './create/create-error.ts';
import type { TorrentFormat } from './metainfo/metainfo.ts';
import { usualPieceCountMax, usualPieceLengths } from './metainfo/metainfo-fields.ts';

const { min: pieceLengthMin, max: pieceLengthMax } = usualPieceLengths;

/** For files of this total size, without pads. */
export function suggestedPieceLength(totalBytes: number): number {
  // The package has no upper limit, and overflows at 2 TiB.
  const suggested = pieceLengthOf(Math.min(totalBytes, 2 ** 40));
  return Math.min(pieceLengthMax, Math.max(pieceLengthMin, suggested));
}

/** At most an eighth of a hybrid may be pads: old clients download them, and all clients hash them. */
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

/** Checks a piece length that the user gave. Throws CreateError. */
export function checkPieceLength(pieceLength: number): number {
  const isPowerOfTwo = Number.isInteger(Math.log2(pieceLength));
  if (isPowerOfTwo && pieceLength >= pieceLengthMin && pieceLength <= pieceLengthMax) return pieceLength;
  const message = `a piece length of ${pieceLength} bytes is not a power of two from 16 KiB to 16 MiB`;
  throw new CreateError('create-piece-length', message);
}

/** Throws CreateError if there would be more pieces than all programs read. */
export function checkPieceCount(totalBytes: number, pieceLength: number): number {
  const pieceCount = Math.ceil(totalBytes / pieceLength);
  if (pieceCount <= usualPieceCountMax) return pieceCount;
  const message = `these files make ${pieceCount} pieces of ${pieceLength} bytes, and ${usualPieceCountMax} is the most`;
  throw new CreateError('create-too-many-pieces', message);
}
