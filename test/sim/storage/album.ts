/**
 * Draws a small torrent with real bytes: files of odd sizes that share pieces, folders, empty files and pad
 * files.
 */
import { createHash } from 'node:crypto';
import type { Prng } from '../../../client/engine/prng.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import { type Metainfo, parseInfo } from '../../../torrents/metainfo/metainfo.ts';
import { encodeInfo } from '../../../torrents/metainfo/metainfo-encode.ts';

const pieceLength = 16 * 1024;

export interface Album {
  readonly metainfo: Metainfo;
  /** Every byte of the torrent, pad files included. */
  readonly truth: Uint8Array;
}

/** Sizes of files in bytes: up to 99 usually lies within one piece, larger sizes span several. */
const drawSize = (random: Prng): number =>
  [0, 1 + random.below(99), random.below(9_000), random.below(30_000), random.below(100_000)][
    random.below(5)
  ]!;

/** Most files lie in the album's own folder, others in its subfolders. */
const drawFolder = (random: Prng): string[] =>
  [['disc 1'], ['disc 2'], ['disc 2', 'more'], [], [], [], []][random.below(7)]!;

export function drawAlbum(random: Prng): Album {
  const isSingleFile = random.below(5) === 0;
  if (isSingleFile)
    return albumOf([{ components: ['song.flac'], bytes: 1 + random.below(60_000) }], true, random);
  const files: { components: string[]; bytes: number; isPad?: boolean }[] = [];
  const count = 1 + random.below(6);
  let offset = 0;
  for (let i = 0; i < count; i++) {
    const bytes = i === 0 ? 1 + random.below(40_000) : drawSize(random);
    const name = `${i}.flac`;
    files.push({ components: [...drawFolder(random), name], bytes });
    offset += bytes;
    const gap = (pieceLength - (offset % pieceLength)) % pieceLength;
    if (gap > 0 && i < count - 1 && random.below(4) === 0) {
      files.push({ components: ['.pad', `${gap}-${i}`], bytes: gap, isPad: true });
      offset += gap;
    }
  }
  return albumOf(files, false, random);
}

/** A few pieces, and files that share them: cheap, and at its critical moments most of the time. */
export function drawSmallAlbum(random: Prng): Album {
  const count = 1 + random.below(4);
  const files = Array.from({ length: count }, (_, i) => ({
    components: [...drawFolder(random), `${i}.flac`],
    bytes: [random.below(200), 1 + random.below(8_000), 1 + random.below(20_000), 1 + random.below(40_000)][
      random.below(4)
    ]!,
  }));
  files[random.below(count)]!.bytes += pieceLength * random.below(3) + 1;
  return albumOf(files, false, random);
}

export function albumOf(
  files: readonly { components: string[]; bytes: number; isPad?: boolean }[],
  isSingleFile: boolean,
  random: Prng,
): Album {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const truth = new Uint8Array(total);
  let offset = 0;
  for (const { bytes, isPad } of files) {
    for (let at = offset; at < offset + bytes && !isPad; at++) truth[at] = 1 + random.below(255);
    offset += bytes;
  }
  const hashes: Buffer[] = [];
  for (let at = 0; at < total; at += pieceLength)
    hashes.push(
      createHash('sha1')
        .update(truth.subarray(at, at + pieceLength))
        .digest(),
    );
  const name = isSingleFile ? files[0]!.components[0]! : 'album';
  const info = encodeInfo({ name, isSingleFile, pieceLength, pieceHashes: Buffer.concat(hashes), files });
  return { metainfo: parseInfo(info, { platform: 'linux' }), truth };
}

export function bytesOf({ truth }: Album, { offset, bytes }: TorrentFile): Uint8Array {
  return truth.subarray(offset, offset + bytes);
}

export function pieceOf({ truth, metainfo: { geometry } }: Album, pieceIndex: PieceIndex): Uint8Array {
  const from = geometry.pieceOffset(pieceIndex);
  return truth.subarray(from, from + geometry.pieceBytes(pieceIndex));
}
