/**
 * Reads the metadata blocks of a FLAC file, and its CUESHEET block: where the songs of a whole disc begin.
 *
 * Invariant: pure except for the source. Reads a limited number of bytes, even if the numbers in the file are
 * wrong.
 */
import { type ByteSource, viewOf } from './byte-source.ts';

/** There are seven kinds of blocks, most of them used once. Pictures of a booklet are one block each. */
const flacBlocksMax = 256;

export interface FlacBlock {
  readonly type: number;
  /** The offset of the block's content, after its header. */
  readonly at: number;
  readonly bytes: number;
  readonly isLast: boolean;
}

/** `start`: where the FLAC stream begins. Ends early if the file ends. */
export function* flacBlocks(source: ByteSource, start: number): Generator<FlacBlock> {
  let at = start + 4;
  for (let count = 0; count < flacBlocksMax; count++) {
    const head = source.read(at, 4);
    if (head.length < 4) return;
    const word = viewOf(head).getUint32(0);
    const bytes = word & 0xffffff;
    const isLast = word >>> 31 === 1;
    yield { type: (word >>> 24) & 0x7f, at: at + 4, bytes, isLast };
    if (isLast) return;
    at += 4 + bytes;
  }
}

const streamInfo = 0;
const cueSheet = 5;
/** Before the tracks: a catalogue number, the lead-in, the CD flag, reserved bytes, the number of tracks. */
const cueHeadBytes = 396;
/** A track: its offset in samples, number, ISRC, flags, reserved bytes, the number of indices. */
const cueTrackBytes = 36;
const cueIndexBytes = 12;
/** Enough for 99 songs with 99 indices each. A block could have 16 MiB. */
const cueBlockBytesMax = 128 * 1024;
/** The lead-out track has number 170 on a CD, and 255 in other sheets. */
const numberMax = 99;

/**
 * The songs of the CUESHEET block, as `[number, startMs]`. The block has no titles. Empty if the block is
 * missing or cut off.
 */
export function flacCueStarts(source: ByteSource, start: number): readonly (readonly [number, number])[] {
  let sampleRate = 0;
  for (const { type, at, bytes } of flacBlocks(source, start)) {
    if (type === streamInfo && bytes >= 18) {
      const info = source.read(at, 18);
      if (info.length === 18) sampleRate = viewOf(info).getUint32(10) >>> 12;
    }
    if (type === cueSheet && sampleRate > 0) {
      return cueStarts(source.read(at, Math.min(bytes, cueBlockBytesMax)), sampleRate);
    }
  }
  return [];
}

function cueStarts(block: Uint8Array, sampleRate: number): readonly (readonly [number, number])[] {
  const view = viewOf(block);
  const found: (readonly [number, number])[] = [];
  let at = cueHeadBytes;
  for (let left = block[cueHeadBytes - 1] ?? 0; left > 0; left--) {
    if (at + cueTrackBytes > block.length) return [];
    const number = view.getUint8(at + 8);
    const isAudio = view.getUint8(at + 21) < 0x80;
    const indexCount = view.getUint8(at + 35);
    const offset = view.getBigUint64(at);
    at += cueTrackBytes;
    if (at + indexCount * cueIndexBytes > block.length) return [];
    const indices = Array.from({ length: indexCount }, (_, nth) => at + nth * cueIndexBytes);
    // Index 1 is the start of the song. Index 0 is the pause before it.
    const first = indices.find((index) => block[index + 8] === 1);
    at += indexCount * cueIndexBytes;
    if (!isAudio || number > numberMax || first === undefined) continue;
    found.push([number, (Number(offset + view.getBigUint64(first)) / sampleRate) * 1000]);
  }
  return found;
}
