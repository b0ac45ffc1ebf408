/**
 * What an earlier run left in the side file: every piece that several files share is hashed, with the parts that are not
 * in their own place taken from there. Those of files that are wanted by now go home.
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

/** Marks in `have` what is right. */
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
  // Only now: a file that goes home is there from then on, and would be looked for in its own place.
  const aside = right.map((pieceIndex) => ({ pieceIndex, parts: partsOf(pieceIndex) }));
  for (const { pieceIndex, parts } of aside) {
    for (const { file, isAside } of parts) if (isAside) files.hold(file, pieceIndex);
    addPiece(have, pieceIndex);
  }
}
