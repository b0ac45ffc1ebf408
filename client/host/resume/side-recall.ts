/**
 * Recovers what an earlier run left in the side file: hashes every piece that several files share, and reads
 * from the side file those parts that are not in their own file. Parts of files that are wanted now move into
 * their own file.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { addPiece, hasPiece } from '../../../torrents/piece-set.ts';
import type { Steps } from '../disk/steps.ts';
import { checkPieces } from '../storage/piece-check.ts';
import { expectedHashes } from '../storage/piece-hashes.ts';
import type { CheckJob, StorageJobs } from '../storage/storage-job.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

/** Adds the correct pieces to `have`. */
export function* recallSide(
  metainfo: Metainfo,
  files: TorrentFiles,
  have: Uint8Array,
  pool: StorageJobs,
  control: HashControl,
): Steps<void> {
  const { side } = files;
  if (side?.place.seen === undefined) return;
  const { geometry } = metainfo;
  const partsOf = (pieceIndex: PieceIndex) =>
    files
      .placesOf(pieceIndex)
      .filter(({ file }) => file !== undefined)
      .map((place) => {
        const file = place.file!;
        const isAside = place.isAside || file.seen === undefined;
        const position = side.positionOf(geometry.pieceOffset(pieceIndex) + place.offset)!;
        return { file, isAside, place, path: isAside ? side.path : files.pathOf(file), position };
      });
  const segmentsOf = (pieceIndex: PieceIndex): CheckJob['segments'] =>
    partsOf(pieceIndex).map(({ isAside, place, path, position }) => {
      return {
        path,
        position: isAside ? position : place.position,
        bytes: place.bytes,
        offset: place.offset,
      };
    });
  const isHad = (pieceIndex: PieceIndex) => hasPiece(have, pieceIndex);
  const doubtful = [...side.sharedPieces].filter((pieceIndex) => {
    return !isHad(pieceIndex) && partsOf(pieceIndex).some(({ isAside }) => isAside);
  });
  const right: PieceIndex[] = [];
  const checked = { geometry, expected: expectedHashes(metainfo) };
  yield* checkPieces(doubtful, { ...checked, segmentsOf, pool, control }, (pieceIndex) =>
    right.push(pieceIndex),
  );
  // Only after all checks: a file that gets its bytes now exists from then on, and would be read from its own
  // place.
  const aside = right.map((pieceIndex) => ({ pieceIndex, parts: partsOf(pieceIndex) }));
  for (const { pieceIndex, parts } of aside) {
    for (const { file, isAside } of parts) if (isAside) files.hold(file, pieceIndex);
    addPiece(have, pieceIndex);
  }
}
