/** The files of a planned torrent: their total size, adjusting them to it, and drawing them. */
import type { Prng } from '../../../client/engine/prng.ts';
import type { SwarmPlan, TorrentPlan } from './schema.ts';

type FilePlan = NonNullable<TorrentPlan['files']>[number];

/** Includes pads. */
export function bytesOf({ pieces, pieceBytes, lastPieceBytes = pieceBytes }: TorrentPlan): number {
  return (pieces - 1) * pieceBytes + lastPieceBytes;
}

/** The same torrent with files that fill it exactly: cut off at its end, or with a longer last file. */
export function fitFiles(torrent: TorrentPlan): TorrentPlan {
  if (torrent.files === undefined) return torrent;
  let left = bytesOf(torrent);
  const files: FilePlan[] = [];
  for (const file of torrent.files) {
    if (left === 0) break;
    const bytes = Math.min(left, file.bytes);
    files.push({ ...file, bytes });
    left -= bytes;
  }
  const last = files.at(-1)!;
  return { ...torrent, files: files.with(-1, { ...last, bytes: last.bytes + left }) };
}

/**
 * One torrent of four has files with pads between them. Most pads end with their piece, as in BEP 47. Some
 * span whole pieces, or lie in the middle of one, where they count as ordinary bytes.
 */
export function drawFiles(random: Prng, torrent: SwarmPlan['torrent']): TorrentPlan {
  if (random.below(4) > 0) return torrent;
  const { pieceBytes } = torrent;
  const totalBytes = bytesOf(torrent);
  const files: FilePlan[] = [];
  let at = 0;
  const add = (file: FilePlan) => {
    const bytes = Math.min(file.bytes, totalBytes - at);
    if (bytes === 0 && file.bytes > 0) return;
    files.push({ ...file, bytes });
    at += bytes;
  };
  while (at < totalBytes) {
    // Sometimes an empty file, which lies in no piece.
    add({ bytes: random.below(8) === 0 ? 0 : 1 + random.below(3 * pieceBytes) });
    const toEnd = (pieceBytes - (at % pieceBytes)) % pieceBytes;
    const kind = random.below(8);
    if (kind === 0) add({ bytes: 1 + random.below(pieceBytes), pad: true });
    else if (kind < 6 && toEnd > 0) {
      add({ bytes: toEnd, pad: true });
      if (kind === 1) add({ bytes: pieceBytes, pad: true });
    }
  }
  return { ...torrent, files };
}
