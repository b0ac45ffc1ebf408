/**
 * The metadata blocks of a FLAC, and the one of them that says where the songs of a whole disc begin.
 *
 * Invariant: pure but for the source; a bounded number of bytes is read, wherever the file's own numbers lead.
 */
import { type ByteSource, viewOf } from './byte-source.ts';

/** Eight kinds, most of them once; pictures of a booklet. */
const flacBlocksMax = 256;

export interface FlacBlock {
  readonly type: number;
  /** Of its content, behind its head. */
  readonly at: number;
  readonly bytes: number;
  readonly isLast: boolean;
}

/** `start`: where the FLAC begins. Ends early where the file does. */
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
/** Before its tracks: a number in a shop, the lead-in, whether it is a CD, room, and how many tracks there are. */
const cueHeadBytes = 396;
/** A start in samples, a number, a code, flags, room, and how many indices follow. */
const cueTrackBytes = 36;
const cueIndexBytes = 12;
/** Of 99 songs with 99 indices each; a block may have 16 MiB. */
const cueBlockBytesMax = 128 * 1024;
/** What stands behind the last song of a CD has 170, and of other sheets 255. */
const numberMax = 99;

/** The songs of its sheet, as `[number, startMs]`: that block knows no titles. Empty when it has none, or it is cut off. */
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
    // Index 0 is the pause before the song.
    const first = indices.find((index) => block[index + 8] === 1);
    at += indexCount * cueIndexBytes;
    if (!isAudio || number > numberMax || first === undefined) continue;
    found.push([number, (Number(offset + view.getBigUint64(first)) / sampleRate) * 1000]);
  }
  return found;
}
