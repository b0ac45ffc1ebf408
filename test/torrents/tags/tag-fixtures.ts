/** The smallest audio files and pictures that tag readers accept, and files made to attack them. */
import { noise } from '../folder-fixture.ts';

/**
 * A FLAC header of two seconds without audio: STREAMINFO of 44.1 kHz, 16 bits, two channels, then comments.
 */
export function flac(
  tags: Record<string, string | string[]>,
  picture?: Uint8Array,
  sheet?: Uint8Array,
): Uint8Array {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4096, 0);
  info.writeUInt16BE(4096, 2);
  // 20 bits of sample rate, 3 of channels - 1, 5 of bits per sample - 1, 36 of samples.
  info.writeBigUInt64BE((44_100n << 44n) | (1n << 41n) | (15n << 36n) | 88_200n, 10);
  const blocks = [block(0, info), block(4, comments(tags))];
  if (picture !== undefined) blocks.push(block(6, pictureBlock(picture)));
  if (sheet !== undefined) blocks.push(block(5, sheet));
  const last = blocks.at(-1)!;
  last[0]! |= 0x80;
  // The sync code of one frame, so that the reader finds where the audio begins.
  return Buffer.concat([
    Buffer.from('fLaC'),
    ...blocks,
    Buffer.from([0xff, 0xf8, 0x69, 0x18, 0, 0]),
    Buffer.alloc(64),
  ]);
}

/** A CUESHEET block with songs as `[number, sample]`, each after a pause of 588 samples. */
export function flacSheet(songs: readonly (readonly [number, number])[]): Uint8Array {
  const head = Buffer.alloc(396);
  head[395] = songs.length;
  const tracks = songs.flatMap(([number, sample]) => {
    const track = Buffer.alloc(36 + 24);
    track.writeBigUInt64BE(BigInt(sample));
    track[8] = number;
    track[35] = 2;
    track.writeBigUInt64BE(588n, 36 + 12);
    track[36 + 12 + 8] = 1;
    return [track];
  });
  return Buffer.concat([head, ...tracks]);
}

/** A FLAC header without tags, followed by noise. */
export function flacOf(bytes: number, seed: number): Uint8Array {
  return Buffer.concat([flac({}), noise(bytes, seed)]);
}

function block(type: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE((type << 24) | content.length);
  return Buffer.concat([head, content]);
}

/** Vorbis comments, as in FLAC, Vorbis and Opus. */
function comments(tags: Record<string, string | string[]>): Buffer {
  const texts = Object.entries(tags).flatMap(([name, values]) =>
    [values].flat().map((value) => Buffer.from(`${name}=${value}`)),
  );
  return Buffer.concat([
    uint32le(0),
    uint32le(texts.length),
    ...texts.flatMap((text) => [uint32le(text.length), text]),
  ]);
}

function pictureBlock(picture: Uint8Array): Buffer {
  const type = Buffer.from('image/png');
  const rest = Buffer.alloc(16);
  const parts = [
    uint32be(3),
    uint32be(type.length),
    type,
    uint32be(0),
    rest,
    uint32be(picture.length),
    picture,
  ];
  return Buffer.concat(parts);
}

/**
 * ID3v2 frames in UTF-16, or in UTF-8 for version 4, where zeros separate several values. Then three frames
 * of silence.
 */
export function mp3(version: 2 | 3 | 4, frames: Record<string, string | string[]>): Uint8Array {
  const bodies = Object.entries(frames).map(([id, values]) => {
    const text = [values].flat().join('\0');
    const isUtf8 = version === 4;
    const bytes = isUtf8
      ? Buffer.from(text)
      : Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);
    const content = Buffer.concat([Buffer.from([isUtf8 ? 3 : 1]), bytes]);
    const head = version === 2 ? uint32be(content.length).subarray(1) : uint32be(content.length);
    return Buffer.concat([Buffer.from(id, 'latin1'), head, Buffer.alloc(version === 2 ? 0 : 2), content]);
  });
  const body = Buffer.concat(bodies);
  const size = [21, 14, 7, 0].map((shift) => (body.length >> shift) & 0x7f);
  const frame = Buffer.alloc(417);
  frame.set([0xff, 0xfb, 0x90, 0x64]);
  const tag = Buffer.from([0x49, 0x44, 0x33, version, 0, 0, ...size]);
  return Buffer.concat([tag, body, frame, frame, frame]);
}

/** An Ogg page that announces 4,294,967,295 comments, the first of 2 GiB. */
function oggWithEndlessComment(): Uint8Array {
  const identification = Buffer.concat([Buffer.from('\x01vorbis', 'latin1'), Buffer.alloc(23, 1)]);
  const comment = Buffer.concat([
    Buffer.from('\x03vorbis', 'latin1'),
    ...[uint32le(0), uint32le(0xffffffff), uint32le(0x7fffffff), Buffer.alloc(200, 0x41)],
  ]);
  return Buffer.concat([oggPage(0, identification), oggPage(1, comment)]);
}

function oggPage(sequence: number, content: Buffer): Buffer {
  const head = Buffer.alloc(27);
  head.write('OggS');
  head[5] = sequence === 0 ? 2 : 0;
  head.writeUInt32LE(1, 14);
  head.writeUInt32LE(sequence, 18);
  const sizes = [...Array<number>(Math.floor(content.length / 255)).fill(255), content.length % 255];
  head[26] = sizes.length;
  return Buffer.concat([head, Buffer.from(sizes), content]);
}

/** Headers whose sizes make a careless parser loop, read outside the file, or fill its memory. */
export function hostileFiles(): Record<string, Uint8Array> {
  const asfHeader = Buffer.from('3026b2758e66cf11a6d900aa0062ce6c', 'hex');
  const asfFile = Buffer.from('a1dcab8c47a9cf118ee400c00c205365', 'hex');
  const none = Buffer.alloc(8);
  return {
    // CVE-2026-32256: a parser loops on an object of length 0.
    'asf-object.wma': Buffer.concat([
      asfHeader,
      uint64le(2n ** 40n),
      uint32le(9),
      Buffer.from([1, 2]),
      asfFile,
      none,
      none,
    ]),
    // GHSA-f94x-6692-553q: a parser loops on a sample description of length 0.
    'mp4-description.m4a': Buffer.concat([
      atom('ftyp', Buffer.from('M4A \0\0\0\0')),
      atom(
        'moov',
        atom(
          'trak',
          atom('mdia', atom('minf', atom('stbl', atom('stsd', none, uint32be(0xffffffff), none)))),
        ),
      ),
    ]),
    'mp4-atom.m4a': Buffer.concat([
      atom('ftyp', Buffer.from('M4A \0\0\0\0')),
      uint32be(1),
      Buffer.from('moov'),
      none,
      none,
    ]),
    'id3-frame.mp3': Buffer.concat([
      Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7fTIT2\x7f\x7f\x7f\x7f\0\0', 'latin1'),
      none,
    ]),
    'riff-chunk.wav': Buffer.concat([
      Buffer.from('RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\xffINFO', 'latin1'),
      none,
    ]),
    'flac-block.flac': Buffer.from('fLaC\x84\xff\xff\xff\xff\xff\xff\xff', 'latin1'),
    'ape-tag.ape': Buffer.concat([
      Buffer.from('APETAGEX\xd0\x07\0\0\xff\xff\xff\x7f\xff\xff\xff\x7f', 'latin1'),
      none,
      none,
    ]),
    'ogg-comment.ogg': oggWithEndlessComment(),
    'ebml-size.mka': Buffer.from('1a45dfa301ffffffffffffff42868101', 'hex'),
    'dsf-chunk.dsf': Buffer.concat([Buffer.from('DSD '), uint64le(0n), uint64le(2n ** 63n), uint64le(28n)]),
    'aiff-chunk.aiff': Buffer.concat([
      Buffer.from('FORM\0\0\0\x20AIFFCOMM\xff\xff\xff\xff', 'latin1'),
      none,
      none,
    ]),
  };
}

function atom(name: string, ...content: Uint8Array[]): Buffer {
  const inside = Buffer.concat(content);
  return Buffer.concat([uint32be(inside.length + 8), Buffer.from(name), inside]);
}

export function png(width: number, height: number): Uint8Array {
  const head = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  return Buffer.concat([head, uint32be(width), uint32be(height), Buffer.alloc(9)]);
}

/** A comment segment, then the header of a progressive frame. */
export function jpeg(width: number, height: number): Uint8Array {
  const frame = Buffer.from('ffd8fffe00046162ffc2001108', 'hex');
  const size = Buffer.alloc(4);
  size.writeUInt16BE(height, 0);
  size.writeUInt16BE(width, 2);
  return Buffer.concat([frame, size, Buffer.alloc(12)]);
}

/** The VP8X form, which stores width and height minus one. */
export function webp(width: number, height: number): Uint8Array {
  const file = Buffer.alloc(40);
  file.write('RIFF');
  file.writeUInt32LE(32, 4);
  file.write('WEBPVP8X', 8);
  file.writeUInt32LE(10, 16);
  file.writeUIntLE((width - 1) & 0xffffff, 24, 3);
  file.writeUIntLE((height - 1) & 0xffffff, 27, 3);
  return file;
}

function uint32le(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64le(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function uint32be(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
