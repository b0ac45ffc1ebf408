import { PhotonImage } from '@silvia-odwyer/photon-node';
import { expect, it, test } from 'vitest';
import { createTorrent } from '../../../../torrents/create/create.ts';
import { readRelease } from '../../../../torrents/release/release.ts';
import { coverBytesMax, imageSize } from '../../../../torrents/tags/covers/cover-image.ts';
import { scaledCover } from '../../../../torrents/tags/covers/cover-scaling.ts';
import { orientationOf } from '../../../../torrents/tags/covers/exif-orientation.ts';
import { makeFolder, noise } from '../../folder-fixture.ts';
import { flac, png, webp } from '../tag-fixtures.ts';

const red = [255, 0, 0, 255];
const green = [0, 255, 0, 255];
const blue = [0, 0, 255, 255];
const white = [255, 255, 255, 255];

/** A JPEG as a camera stores it: 64 by 32, red and green above blue and white. */
function storedJpeg(): Uint8Array {
  const pixels = Array.from({ length: 64 * 32 }, (_, at) => {
    const isLeft = at % 64 < 32;
    const isAbove = at < 64 * 16;
    return isAbove ? (isLeft ? red : green) : isLeft ? blue : white;
  });
  return new PhotonImage(Uint8Array.from(pixels.flat()), 64, 32).get_bytes_jpeg(100);
}

/** A TIFF directory with one other entry before the orientation. */
function tiff(orientation: number, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(8 + 2 + 24 + 4);
  bytes.write(isLittle ? 'II*\0' : 'MM\0*', 'latin1');
  const short = (value: number, at: number) =>
    isLittle ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const long = (value: number, at: number) =>
    isLittle ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  long(8, 4);
  short(2, 8);
  for (const [nth, [tag, value]] of [
    [0x0100, 64],
    [0x0112, orientation],
  ].entries()) {
    const at = 10 + nth * 12;
    short(tag!, at);
    short(3, at + 2);
    long(1, at + 4);
    short(value!, at + 8);
  }
  return bytes;
}

/** Puts the Exif segment after the JFIF header, which must come first. */
function withExif(jpeg: Uint8Array, exif: Uint8Array): Uint8Array {
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(exif.length + 8, 2);
  const first = 2 + 2 + Buffer.from(jpeg).readUInt16BE(4);
  return Buffer.concat([jpeg.subarray(0, first), head, Buffer.from('Exif\0\0'), exif, jpeg.subarray(first)]);
}

/** The size and the colours of its four quarters: the upper ones from the left, then the lower ones. */
function quarters(jpeg: Uint8Array): string {
  const image = PhotonImage.new_from_byteslice(jpeg);
  const [width, height] = [image.get_width(), image.get_height()];
  const pixels = image.get_raw_pixels();
  const at = (x: number, y: number): string => {
    const start = (Math.floor(height * y) * width + Math.floor(width * x)) * 4;
    const [r, g, b] = [...pixels.subarray(start, start + 3)].map((value) => value > 128);
    return r && g && b ? 'white' : r ? 'red' : g ? 'green' : 'blue';
  };
  return `${width}x${height} ${at(0.25, 0.25)} ${at(0.75, 0.25)} ${at(0.25, 0.75)} ${at(0.75, 0.75)}`;
}

test.each([
  [1, '64x32 red green blue white'],
  [2, '64x32 green red white blue'],
  [3, '64x32 white blue green red'],
  [4, '64x32 blue white red green'],
  [5, '32x64 red blue green white'],
  [6, '32x64 blue red white green'],
  [7, '32x64 white green blue red'],
  [8, '32x64 green white red blue'],
])('a scaled cover with orientation %i looks as in a viewer', async (orientation, shown) => {
  for (const isLittle of [true, false]) {
    const scaled = await scaledCover(withExif(storedJpeg(), tiff(orientation, isLittle)));
    expect(quarters(scaled as Uint8Array)).toBe(shown);
  }
});

test.each([0, 9, 65_535])('the invalid orientation %i changes nothing', async (orientation) => {
  const scaled = await scaledCover(withExif(storedJpeg(), tiff(orientation, true)));
  expect(quarters(scaled as Uint8Array)).toBe('64x32 red green blue white');
});

it('a large photograph beside the music is turned upright', async () => {
  const photograph = new PhotonImage(new Uint8Array(noise(900 * 600 * 4, 9)), 900, 600).get_bytes_jpeg(100);
  const cover = withExif(photograph, tiff(6, false));
  expect(cover.length).toBeGreaterThan(coverBytesMax);
  const folder = makeFolder('Album', { '1.flac': flac({ TITLE: 'x' }), 'cover.jpg': cover });
  const { metainfo } = await createTorrent(folder);
  const [width, height] = imageSize((await readRelease(metainfo, folder)).cover!.bytes)!;
  expect(width / height).toBeCloseTo(600 / 900, 1);
});

it('the orientation is read from PNG and WebP too', () => {
  const chunk = (name: string, content: Buffer, isLittle: boolean): Buffer => {
    const length = Buffer.alloc(4);
    if (isLittle) length.writeUInt32LE(content.length);
    else length.writeUInt32BE(content.length);
    const parts = isLittle ? [Buffer.from(name), length] : [length, Buffer.from(name)];
    return Buffer.concat([...parts, content, Buffer.alloc(isLittle ? content.length % 2 : 4)]);
  };
  // The signature, and the header chunk with its checksum.
  const start = png(8, 4).subarray(0, 8 + 25);
  expect(orientationOf(Buffer.concat([start, chunk('eXIf', tiff(8, true), false)]))).toBe(8);
  const odd = chunk('XMP ', Buffer.alloc(3), true);
  const picture = webp(8, 4).subarray(0, 12 + 8 + 10);
  expect(orientationOf(Buffer.concat([picture, odd, chunk('EXIF', tiff(3, false), true)]))).toBe(3);
  const marked = Buffer.concat([Buffer.from('Exif\0\0'), tiff(5, false)]);
  expect(orientationOf(Buffer.concat([picture, chunk('EXIF', marked, true)]))).toBe(5);
});

it('Exif data that is truncated or points outside itself gives no orientation', () => {
  const whole = withExif(storedJpeg(), tiff(6, true));
  expect(orientationOf(whole)).toBe(6);
  const first = whole.indexOf(0xe1);
  for (let length = 0; length < first + 1 + 2 + 6 + 34; length++) {
    expect(orientationOf(whole.subarray(0, length))).toBe(1);
  }
  const away = tiff(6, true);
  away.writeUInt32LE(0xffff_ffff, 4);
  expect(orientationOf(withExif(storedJpeg(), away))).toBe(1);
  const many = tiff(1, false);
  many.writeUInt16BE(0xffff, 8);
  many.writeUInt16BE(0x0111, 22);
  expect(orientationOf(withExif(storedJpeg(), many))).toBe(1);
  for (let seed = 0; seed < 200; seed++) {
    const broken = Buffer.from(whole);
    noise(6, seed).forEach((byte, at) => {
      broken[(seed * 31 + at * 7) % 200] = byte;
    });
    expect(orientationOf(broken)).toBeGreaterThanOrEqual(1);
  }
});
