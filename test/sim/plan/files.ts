/**
 * The files of a planned torrent: how many bytes there are, files that fill exactly so many, and drawn ones.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { SwarmPlan, TorrentPlan } from './schema.ts';

type FilePlan = NonNullable<TorrentPlan['files']>[number];

/** Pads included. */
export function bytesOf({ pieces, pieceBytes, lastPieceBytes = pieceBytes }: TorrentPlan): number {
  return (pieces - 1) * pieceBytes + lastPieceBytes;
}

/** The same torrent with files that fill it: cut off behind its end, or with the last one longer. */
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
 * In one torrent of four: files with pads between them. Most pads end with their piece, as BEP 47 has them; some reach over
 * whole pieces, or lie in the middle of one, where they are bytes like others.
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
    // An empty file now and then: it lies nowhere.
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
