/** Makes small audio files byte by byte, in formats whose headers tell little. */

/** MPEG 1 frames of 44.1 kHz: one frame of 1152 samples per given bit rate. */
export function mp3Frames(kbits: readonly number[], layer: 2 | 3 = 3): Uint8Array {
  const rates =
    layer === 3
      ? [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
      : [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
  const frames = kbits.map((kbit) => {
    const frame = Buffer.alloc(Math.floor((144_000 * kbit) / 44_100));
    frame.set([0xff, layer === 3 ? 0xfb : 0xfd, rates.indexOf(kbit) << 4, 0x64]);
    return frame;
  });
  return Buffer.concat(frames);
}

/** A first frame whose header counts `told` frames, followed by `frames`. */
export function mp3WithTable(kind: 'Xing' | 'VBRI', told: number, frames: Uint8Array): Uint8Array {
  const first = Buffer.from(mp3Frames([128]));
  first.write(kind, 36);
  if (kind === 'Xing') first.writeUInt32BE(1, 40);
  first.writeUInt32BE(told, kind === 'Xing' ? 44 : 50);
  return Buffer.concat([first, frames]);
}

/** AAC frames of 23 ms each, in the given sizes. */
export function adtsFrames(sizes: readonly number[]): Uint8Array {
  return Buffer.concat(
    sizes.map((size) => {
      const frame = Buffer.alloc(size);
      frame.set([0xff, 0xf1, 0x50, 0x80 | (size >> 11), (size >> 3) & 0xff, ((size & 7) << 5) | 0x1f, 0xfc]);
      return frame;
    }),
  );
}

/** AC-3 frames of 32 ms at 192 kbit/s. */
export function ac3Frames(count: number): Uint8Array {
  const frame = Buffer.alloc(768);
  frame.set([0x0b, 0x77, 0, 0, 20, 8 << 3]);
  return Buffer.concat(Array<Buffer>(count).fill(frame));
}

/** 44.1 kHz, 16 bits, two channels. `tag`: the format in `fmt `. `inner`: the format in its extension. */
export function wav(
  tag: number,
  data: Uint8Array,
  chunks: readonly Uint8Array[] = [],
  inner?: number,
): Uint8Array {
  const format = Buffer.alloc(inner === undefined ? 16 : 40);
  format.writeUInt16LE(tag, 0);
  format.writeUInt16LE(2, 2);
  format.writeUInt32LE(44_100, 4);
  format.writeUInt32LE(176_400, 8);
  format.writeUInt16LE(4, 12);
  format.writeUInt16LE(16, 14);
  if (inner !== undefined) {
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(inner, 24);
  }
  const body = [Buffer.from('WAVE'), chunk('fmt ', format), ...chunks, chunk('data', data)];
  return chunk('RIFF', Buffer.concat(body));
}

/** A `LIST`/`INFO` chunk of a WAVE file. */
export function riffInfo(fields: Record<string, Uint8Array>): Uint8Array {
  const parts = Object.entries(fields).map(([name, bytes]) =>
    chunk(name, Buffer.concat([bytes, Buffer.alloc(bytes.length % 2 === 0 ? 2 : 1)])),
  );
  return chunk('LIST', Buffer.concat([Buffer.from('INFO'), ...parts]));
}

function chunk(name: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

/** Two header pages of Opus, pages of zeros, and a last page that counts `samples` at 48 kHz. */
export function opus(tags: Record<string, string>, samples: number, skip = 312): Uint8Array {
  const head = Buffer.alloc(19);
  head.write('OpusHead');
  head.set([1, 2], 8);
  head.writeUInt16LE(skip, 10);
  head.writeUInt32LE(48_000, 12);
  const texts = Object.entries(tags).map(([name, value]) => Buffer.from(`${name}=${value}`));
  const parts = [Buffer.from('OpusTags'), uint32le(0), uint32le(texts.length)];
  for (const text of texts) parts.push(uint32le(text.length), text);
  const pages = [page(7, 2, 0, 0n, head), page(7, 0, 1, 0n, Buffer.concat(parts))];
  for (let index = 2; index < 20; index++)
    pages.push(page(7, 0, index, 960n * BigInt(index), Buffer.alloc(200)));
  // The last page belongs to another stream, with another count.
  return Buffer.concat([
    ...pages,
    page(7, 4, 20, BigInt(samples + skip), Buffer.alloc(9)),
    page(8, 4, 1, 9n, head),
  ]);
}

function page(serial: number, flags: number, index: number, granule: bigint, content: Buffer): Buffer {
  const head = Buffer.alloc(27);
  head.write('OggS');
  head[5] = flags;
  head.writeBigInt64LE(granule, 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(index, 18);
  const sizes = [...Array<number>(Math.floor(content.length / 255)).fill(255), content.length % 255];
  head[26] = sizes.length;
  return Buffer.concat([head, Buffer.from(sizes), content]);
}

/** Core Audio Format with the given codec: 44.1 kHz, 16 bits, two channels. */
export function caf(codec: string, data: Uint8Array): Uint8Array {
  const description = Buffer.alloc(32);
  description.writeDoubleBE(44_100, 0);
  description.write(codec, 8);
  description.writeUInt32BE(4, 16);
  description.writeUInt32BE(1, 20);
  const part = (name: string, content: Uint8Array): Buffer => {
    const head = Buffer.alloc(12);
    head.write(name);
    head.writeBigInt64BE(BigInt(content.length), 4);
    return Buffer.concat([head, content]);
  };
  const sound = part('data', Buffer.concat([Buffer.alloc(4), data]));
  return Buffer.concat([Buffer.from('caff\0\x01\0\0', 'latin1'), part('desc', description), sound]);
}

function uint32le(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
