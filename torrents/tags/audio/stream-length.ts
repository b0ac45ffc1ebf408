/**
 * The duration of audio whose header does not tell it: Ogg (its last page counts the samples), and
 * consecutive frames (MP3 without a frame count, AAC, AC-3).
 *
 * Invariant: reads at most searchBytes from the end of an Ogg, and scanBytesMax of frames. The duration of
 * longer files is estimated from these.
 */
import { audioFrame, firstFrame } from './audio-frames.ts';
import { type ByteSource, textAt, viewOf } from './byte-source.ts';

/** The largest possible Ogg page, with its header. */
const pageBytesMax = 65_307;
/** Padding, or the last page of another stream (a cover), may follow the page that counts. */
const searchBytes = 4 * pageBytesMax;
const headBytes = 64 * 1024;

/** In milliseconds. Undefined if it cannot be found. */
export function oggDuration(source: ByteSource): number | undefined {
  const stream = oggStream(source.read(0, headBytes));
  if (stream === undefined) return undefined;
  const tail = source.read(Math.max(0, source.size - searchBytes), searchBytes);
  const view = viewOf(tail);
  for (let at = tail.length - 27; at >= 0; at--) {
    if (tail[at] !== 0x4f || textAt(tail, at, 4) !== 'OggS' || tail[at + 4] !== 0) continue;
    const samples = view.getBigInt64(at + 6, true);
    // -1: no packet ends on this page.
    if (view.getUint32(at + 14, true) !== stream.serial || samples < 0n) continue;
    const heard = Number(samples) - stream.skip;
    return heard > 0 ? (heard / stream.sampleRate) * 1000 : undefined;
  }
  return undefined;
}

interface OggStream {
  readonly serial: number;
  readonly sampleRate: number;
  /** Samples at the start that a decoder discards. */
  readonly skip: number;
}

/** The first audio stream. A video stream or a skeleton stream may come before it. */
function oggStream(head: Uint8Array): OggStream | undefined {
  const view = viewOf(head);
  let at = 0;
  for (let page = 0; page < 16 && at + 27 <= head.length; page++) {
    if (textAt(head, at, 4) !== 'OggS') break;
    const segments = view.getUint8(at + 26);
    const packet = at + 27 + segments;
    if (packet + 60 > head.length) break;
    const sampleRate = oggSampleRate(head, packet, view);
    if (sampleRate !== undefined && sampleRate > 0) {
      const isOpus = textAt(head, packet, 8) === 'OpusHead';
      const skip = isOpus ? view.getUint16(packet + 10, true) : 0;
      return { serial: view.getUint32(at + 14, true), sampleRate, skip };
    }
    at = packet + head.subarray(at + 27, packet).reduce((sum, length) => sum + length, 0);
  }
  return undefined;
}

function oggSampleRate(head: Uint8Array, packet: number, view: DataView): number | undefined {
  if (textAt(head, packet, 8) === 'OpusHead') return 48_000;
  if (textAt(head, packet, 7) === '\x01vorbis') return view.getUint32(packet + 12, true);
  if (textAt(head, packet, 8) === 'Speex   ') return view.getUint32(packet + 36, true);
  // 20 bits of the STREAMINFO block, which follows `fLaC` and a block header.
  if (textAt(head, packet, 5) === '\x7fFLAC') return view.getUint32(packet + 27) >>> 12;
  return undefined;
}

/** How many places to check before a file counts as constant bit rate. */
const samplesCount = 12;
const sampleBytes = 16 * 1024;
/**
 * A song of 20 minutes. The rest of a longer file is taken to have the same bit rate. Frames are counted at
 * 500 MB/s.
 */
const scanBytesMax = 32 * 2 ** 20;
const readBytes = 2 ** 20;

/** `start`: the offset of the first frame. */
export function framesDuration(source: ByteSource, start: number): number | undefined {
  const first = source.read(start, 512);
  const counted = countedFrames(first);
  if (counted !== undefined) return counted;
  const end = source.size - behindFrames(source);
  const rate = constantRate(source, start, end);
  return rate === undefined ? scanned(source, start, end) : (end - start) / rate;
}

/**
 * The duration by a Xing, Info or VBRI header in the first frame. Most MP3s of a variable bit rate have one.
 */
function countedFrames(first: Uint8Array): number | undefined {
  const frame = audioFrame(first, 0);
  if (frame?.codec !== 'mp3') return undefined;
  const view = viewOf(first);
  const isOne = (view.getUint8(1) & 0x08) !== 0;
  const isMono = view.getUint8(3) >>> 6 === 3;
  const side = 4 + (isOne ? (isMono ? 17 : 32) : isMono ? 9 : 17);
  let frames = 0;
  if (/^(Xing|Info)$/.test(textAt(first, side, 4)) && side + 12 <= first.length) {
    frames = (view.getUint32(side + 4) & 1) === 0 ? 0 : view.getUint32(side + 8);
  } else if (textAt(first, 36, 4) === 'VBRI') {
    frames = view.getUint32(50);
  }
  return frames === 0 ? undefined : (frames * frame.samples * 1000) / frame.sampleRate;
}

/** The length of an ID3v1 tag at the end, which is not audio. */
function behindFrames(source: ByteSource): number {
  return textAt(source.read(source.size - 128, 3), 0, 3) === 'TAG' ? 128 : 0;
}

/** Bytes per millisecond, if all frames that are checked have the same rate. */
function constantRate(source: ByteSource, start: number, end: number): number | undefined {
  let first: number | undefined;
  let bytesSeen = 0;
  let msSeen = 0;
  for (let sample = 0; sample < samplesCount; sample++) {
    const at = Math.floor(start + ((end - start) * sample) / samplesCount);
    const bytes = source.read(at, sampleBytes);
    let next = firstFrame(bytes, at + bytes.length >= source.size);
    if (next === undefined) continue;
    for (let frame = audioFrame(bytes, next); frame !== undefined; frame = audioFrame(bytes, next)) {
      const ms = (frame.samples * 1000) / frame.sampleRate;
      first ??= frame.bytes / ms;
      // A frame may have one byte of padding (four in MPEG layer 1).
      if (Math.abs(frame.bytes - first * ms) > 4) return undefined;
      bytesSeen += frame.bytes;
      msSeen += ms;
      next += frame.bytes;
    }
  }
  return msSeen === 0 ? undefined : bytesSeen / msSeen;
}

function scanned(source: ByteSource, start: number, end: number): number | undefined {
  let ms = 0;
  let at = start;
  const last = Math.min(end, start + scanBytesMax);
  while (at < last) {
    const bytes = source.read(at, readBytes);
    if (bytes.length < 7) break;
    const isEnd = at + bytes.length >= source.size;
    let next = firstFrame(bytes, isEnd);
    if (next === undefined) {
      // No frames in the last bytes: they are tags.
      if (isEnd) break;
      at += bytes.length - sampleBytes;
      continue;
    }
    for (let frame = audioFrame(bytes, next); frame !== undefined; frame = audioFrame(bytes, next)) {
      ms += (frame.samples * 1000) / frame.sampleRate;
      next += frame.bytes;
    }
    at += next;
  }
  if (ms === 0) return undefined;
  return last < end ? (ms * (end - start)) / (at - start) : ms;
}
