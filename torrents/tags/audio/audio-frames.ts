/**
 * Reads the headers of consecutive frames: MPEG audio (layers 1 to 3), ADTS (AAC) and AC-3. Such a file has
 * no header of its own, so only its frames tell its codec and length.
 *
 * Invariant: pure. A frame is never shorter than its header, and nothing is read outside the bytes.
 */
import { viewOf } from './byte-source.ts';

export interface AudioFrame {
  readonly codec: 'mp1' | 'mp2' | 'mp3' | 'aac' | 'ac3';
  readonly bytes: number;
  readonly samples: number;
  /** Hertz. */
  readonly sampleRate: number;
}

/** In kbit/s. MPEG 1: layers 1, 2 and 3. Then MPEG 2 and 2.5: layer 1, then layers 2 and 3. */
const bitRates: readonly (readonly number[])[] = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const mpegCodecs = ['mp1', 'mp2', 'mp3'] as const;
const mpegSampleRates = [44_100, 48_000, 32_000];
const adtsSampleRates = [
  ...[96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000],
  7_350,
];
const ac3Blocks = [1, 2, 3, 6];
const ac3SampleRates = [48_000, 44_100, 32_000];
const ac3BitRates = [
  ...[32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640],
];

/** The length of the longest header. */
const headerBytes = 7;

/** The frame that begins at `at`. Undefined if no frame begins there. */
export function audioFrame(bytes: Uint8Array, at: number): AudioFrame | undefined {
  if (at < 0 || at + headerBytes > bytes.length) return undefined;
  const view = viewOf(bytes);
  const head = view.getUint32(at);
  if (head >>> 16 === 0x0b77) return ac3Frame(view, at);
  if (head >>> 21 !== 0x7ff) return undefined;
  // ADTS has the layer bits 0.
  return ((head >>> 17) & 3) === 0 ? adtsFrame(view, at) : mpegFrame(head);
}

function mpegFrame(head: number): AudioFrame | undefined {
  const version = (head >>> 19) & 3;
  const layer = 4 - ((head >>> 17) & 3);
  const rateIndex = (head >>> 12) & 15;
  const sampleRateIndex = (head >>> 10) & 3;
  const padding = (head >>> 9) & 1;
  const codec = mpegCodecs[layer - 1];
  const baseRate = mpegSampleRates[sampleRateIndex];
  if (version === 1 || codec === undefined || baseRate === undefined) return undefined;
  const isOne = version === 3;
  const table = isOne ? layer - 1 : layer === 1 ? 3 : 4;
  const bitRate = (bitRates[table]?.[rateIndex] ?? 0) * 1000;
  // Bit rate index 0 means "free format": the frame's length is unknown. No encoder in use writes it.
  if (bitRate === 0) return undefined;
  const sampleRate = baseRate / (isOne ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && !isOne ? 576 : 1152;
  const slots = Math.floor((samples / 8 / (layer === 1 ? 4 : 1)) * (bitRate / sampleRate)) + padding;
  return { codec, bytes: layer === 1 ? slots * 4 : slots, samples, sampleRate };
}

function adtsFrame(view: DataView, at: number): AudioFrame | undefined {
  // Twelve bits of sync, one of version, two of layer. The layer bits are 0.
  if ((view.getUint8(at + 1) & 0xf6) !== 0xf0) return undefined;
  const sampleRate = adtsSampleRates[(view.getUint8(at + 2) >>> 2) & 15];
  const length =
    ((view.getUint8(at + 3) & 3) << 11) | (view.getUint8(at + 4) << 3) | (view.getUint8(at + 5) >>> 5);
  if (sampleRate === undefined || length < 7) return undefined;
  return { codec: 'aac', bytes: length, samples: 1024 * ((view.getUint8(at + 6) & 3) + 1), sampleRate };
}

/** AC-3 and E-AC-3, which differ in their bit stream identifier (above 10: E-AC-3). */
function ac3Frame(view: DataView, at: number): AudioFrame | undefined {
  const isEnhanced = view.getUint8(at + 5) >>> 3 > 10;
  const rateCode = view.getUint8(at + 4) >>> 6;
  const sampleRate = ac3SampleRates[rateCode];
  if (sampleRate === undefined) return undefined;
  if (isEnhanced) {
    const words = (((view.getUint8(at + 2) & 7) << 8) | view.getUint8(at + 3)) + 1;
    const blocks = ac3Blocks[(view.getUint8(at + 4) >>> 4) & 3];
    if (blocks === undefined) return undefined;
    return { codec: 'ac3', bytes: words * 2, samples: blocks * 256, sampleRate };
  }
  const sizeCode = view.getUint8(at + 4) & 63;
  const bitRate = ac3BitRates[sizeCode >>> 1];
  if (bitRate === undefined) return undefined;
  const words = Math.floor((bitRate * 1000 * 1536) / sampleRate / 16) + (rateCode === 1 ? sizeCode & 1 : 0);
  return { codec: 'ac3', bytes: words * 2, samples: 1536, sampleRate };
}

/** Noise contains a valid header every few kilobytes, but never three at the distances that they state. */
const runFrames = 3;

/**
 * The offset of the first of three consecutive frames of one kind. At the end of the file (`isEnd`), fewer
 * frames are enough if they reach that end exactly.
 */
export function firstFrame(bytes: Uint8Array, isEnd: boolean, from = 0): number | undefined {
  for (let at = from; at + headerBytes <= bytes.length; at++) {
    const first = audioFrame(bytes, at);
    if (first !== undefined && isRun(bytes, at, first, isEnd)) return at;
  }
  return undefined;
}

function isRun(bytes: Uint8Array, start: number, first: AudioFrame, isEnd: boolean): boolean {
  let at = start + first.bytes;
  for (let count = 1; count < runFrames; count++) {
    // An ID3v1 tag of 128 bytes may follow the last frame.
    const isTag = at + 128 === bytes.length && bytes[at] === 0x54;
    if (isEnd && (at === bytes.length || isTag)) return true;
    const next = audioFrame(bytes, at);
    if (next === undefined || next.codec !== first.codec || next.sampleRate !== first.sampleRate)
      return false;
    at += next.bytes;
  }
  return true;
}
