/**
 * Recognises an audio file by its bytes, never by its name: which parser can read it. For formats that the
 * parser does not know, or describes too little, reads the file's own headers.
 *
 * Invariant: pure except for the source. Reads a limited number of bytes, even if the numbers in the file are
 * wrong.
 */
import { audioFrame, firstFrame } from './audio-frames.ts';
import { type ByteSource, textAt, viewOf } from './byte-source.ts';
import { flacBlocks } from './flac-blocks.ts';

export interface AudioBytes {
  /**
   * The file extension by which music-metadata chooses its parser. Undefined if it has no parser for the
   * format.
   */
  readonly parser: string | undefined;
  /** Where the audio data begins, after ID3 tags. */
  readonly start: number;
  /** Undefined if the parser has to find it out. */
  readonly codec: string | undefined;
  readonly sampleRate?: number | undefined;
  readonly durationMs?: number | undefined;
}

const headBytes = 4096;
/** Some programs leave this much padding, or garbage, before the first frame of an MP3. */
const searchBytesMax = 256 * 1024;
/** Some files have two tags, written by two programs. More than four are an attack. */
const id3TagsMax = 4;

/** Undefined if the file is not in a known audio format. */
export function audioBytes(source: ByteSource): AudioBytes | undefined {
  const start = behindId3(source);
  const head = source.read(start, headBytes);
  for (const [at, magic, parser, own] of magics) {
    if (textAt(head, at, magic.length) !== magic) continue;
    const told = own === undefined ? {} : own(source, start, head);
    return told && { parser, start, codec: undefined, ...told };
  }
  // Before the search for frames, because HTML files and archives may contain bytes that look like frames.
  if (head.length === 0 || foreign.test(textAt(head, 0, 16))) return undefined;
  const room = source.read(start, searchBytesMax);
  const at = firstFrame(room, start + room.length >= source.size);
  const frame = at === undefined ? undefined : audioFrame(room, at);
  if (at === undefined || frame === undefined) return undefined;
  const { codec, sampleRate } = frame;
  const parser = codec === 'ac3' ? undefined : '.mp3';
  return { parser, start: start + at, codec, sampleRate };
}

const foreign = /^(\s*<|\{|PK\x03\x04|%PDF|\x89PNG|\xff\xd8\xff[\xdb-\xef]|GIF8|Rar!|7z\xbc\xaf|MZ|\x7fELF)/;

/** Undefined if the header has no audio data after it. */
type Own = (source: ByteSource, start: number, head: Uint8Array) => Partial<AudioBytes> | undefined;

const named =
  (codec: string): Own =>
  () => ({ codec });

const magics: readonly (readonly [at: number, magic: string, parser: string | undefined, own?: Own])[] = [
  [0, 'fLaC', '.flac', flacFormat],
  [0, 'OggS', '.ogg'],
  [4, 'ftyp', '.m4a'],
  // Early QuickTime files have no `ftyp` atom.
  [4, 'moov', '.m4a'],
  [4, 'mdat', '.m4a'],
  [8, 'WAVE', '.wav', waveFormat],
  [8, 'AIFF', '.aiff'],
  [8, 'AIFC', '.aiff'],
  [0, 'MAC ', '.ape'],
  [0, 'wvpk', '.wv'],
  [0, 'MPCK', '.mpc'],
  [0, 'MP+', '.mpc'],
  [0, 'DSD ', '.dsf'],
  [0, 'FRM8', '.dff'],
  [0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11', '.wma'],
  [0, '\x1a\x45\xdf\xa3', '.mka'],
  [0, 'caff', undefined, coreAudioFormat],
  [0, 'TTA1', undefined, trueAudioFormat],
  [0, 'ajkg', undefined, named('shorten')],
  [0, '\x7f\xfe\x80\x01', undefined, named('dts')],
  [0, '#!AMR', undefined, named('amr')],
];

function behindId3(source: ByteSource): number {
  let at = 0;
  for (let tags = 0; tags < id3TagsMax; tags++) {
    const head = source.read(at, 10);
    if (head.length < 10 || textAt(head, 0, 3) !== 'ID3') break;
    const size = head.subarray(6).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
    const hasFooter = (viewOf(head).getUint8(5) & 0x10) !== 0;
    at += 10 + size + (hasFooter ? 10 : 0);
  }
  return at;
}

/** Broadcast WAVE files have up to a page of other chunks before `fmt `. */
const chunksMax = 64;

/**
 * Undefined if there is no frame after the metadata: while a file is downloaded, its header may be complete
 * before its audio.
 */
function flacFormat(source: ByteSource, start: number): ReturnType<Own> {
  for (const { at, bytes, isLast } of flacBlocks(source, start)) {
    if (!isLast) continue;
    const sync = source.read(at + bytes, 2);
    return sync.length === 2 && (viewOf(sync).getUint16(0) & 0xfffe) === 0xfff8 ? {} : undefined;
  }
  return undefined;
}

/** The parser takes every WAVE for lossless, and does not read the codec of the extensible format. */
function waveFormat(source: ByteSource, start: number, head: Uint8Array): ReturnType<Own> {
  const outer = textAt(head, 0, 4);
  if (!['RIFF', 'RF64', 'BW64'].includes(outer)) return undefined;
  // RF64 and BW64 hold more than 4 GiB. The parser does not read them.
  const parser = outer === 'RIFF' ? '.wav' : undefined;
  let found: ReturnType<Own> | undefined;
  let bytesPerSecond = 0;
  let largeBytes: number | undefined;
  let at = start + 12;
  for (let count = 0; count < chunksMax; count++) {
    const chunk = source.read(at, 48);
    if (chunk.length < 8) break;
    const view = viewOf(chunk);
    const name = textAt(chunk, 0, 4);
    const size = view.getUint32(4, true);
    if (name === 'ds64' && chunk.length >= 24) largeBytes = Number(view.getBigUint64(16, true));
    if (name === 'fmt ' && chunk.length >= 24) {
      const tag = view.getUint16(8, true);
      const isExtensible = tag === 0xfffe && size >= 40 && chunk.length >= 34;
      bytesPerSecond = view.getUint32(16, true);
      const codec = waveCodecs[isExtensible ? view.getUint16(32, true) : tag] ?? 'unknown';
      found = { parser, codec, sampleRate: view.getUint32(12, true) };
    }
    if (name === 'data') {
      const told = size === 0xffffffff ? (largeBytes ?? Number.POSITIVE_INFINITY) : size;
      const bytes = Math.min(told, source.size - at - 8);
      if (found === undefined || bytes <= 0) return undefined;
      return { ...found, durationMs: bytesPerSecond > 0 ? (bytes / bytesPerSecond) * 1000 : undefined };
    }
    at += 8 + size + (size & 1);
  }
  return undefined;
}

const waveCodecs: Readonly<Record<number, string>> = {
  ...{ 1: 'pcm', 2: 'adpcm', 3: 'pcm', 6: 'g711', 7: 'g711', 17: 'adpcm', 49: 'gsm', 80: 'mp2' },
  ...{ 85: 'mp3', 255: 'aac', 5632: 'aac', 5634: 'aac', 146: 'ac3', 8192: 'ac3', 8193: 'dts' },
  ...{ 352: 'wma', 353: 'wma', 354: 'wma', 61868: 'flac' },
};

const coreAudioCodecs: Readonly<Record<string, string>> = {
  ...{ lpcm: 'pcm', alac: 'alac', flac: 'flac', opus: 'opus', 'aac ': 'aac', aace: 'aac', aach: 'aac' },
  ...{ aacl: 'aac', aacp: 'aac', '.mp1': 'mp1', '.mp2': 'mp2', '.mp3': 'mp3', 'ac-3': 'ac3', 'ec-3': 'ac3' },
  ...{ ima4: 'adpcm', alaw: 'g711', ulaw: 'g711' },
};

/**
 * The first chunk of a CAF describes the audio. If packets differ in size, a packet table gives the number of
 * frames.
 */
function coreAudioFormat(source: ByteSource, start: number, head: Uint8Array): ReturnType<Own> {
  if (head.length < 52 || textAt(head, 8, 4) !== 'desc') return undefined;
  const view = viewOf(head);
  const sampleRate = view.getFloat64(20);
  const packetBytes = view.getUint32(36);
  const packetFrames = view.getUint32(40);
  let told: number | undefined;
  let at = start + 8;
  for (let count = 0; count < chunksMax; count++) {
    const chunk = source.read(at, 36);
    if (chunk.length < 12) break;
    const name = textAt(chunk, 0, 4);
    const size = Number(viewOf(chunk).getBigInt64(4));
    if (name === 'pakt' && chunk.length >= 28) told = Number(viewOf(chunk).getBigInt64(20));
    if (name === 'data' && packetBytes > 0) {
      // -1: the data extends to the end of the file. The first four bytes are an edit counter.
      const bytes = (size < 0 ? source.size - at - 12 : size) - 4;
      told ??= Math.floor(bytes / packetBytes) * packetFrames;
    }
    if (size < 0) break;
    at += 12 + size;
  }
  const frames = told ?? 0;
  const isTold = frames > 0 && sampleRate > 0;
  return {
    codec: coreAudioCodecs[textAt(head, 28, 4)] ?? 'unknown',
    sampleRate,
    durationMs: isTold ? (frames / sampleRate) * 1000 : undefined,
  };
}

function trueAudioFormat(_source: ByteSource, _start: number, head: Uint8Array): ReturnType<Own> {
  if (head.length < 18) return undefined;
  const view = viewOf(head);
  const sampleRate = view.getUint32(10, true);
  const samples = view.getUint32(14, true);
  return {
    codec: 'tta',
    sampleRate,
    durationMs: sampleRate > 0 ? (samples / sampleRate) * 1000 : undefined,
  };
}
