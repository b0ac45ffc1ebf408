/**
 * Which way up a picture is. Cameras and phones store a picture as the device was held, and say in its Exif
 * data how to turn it. A scaled picture loses its Exif data, so its pixels have to be turned.
 *
 * Invariant: pure. Always returns an orientation: 1 if the bytes tell none. Each part of a file is visited
 * once, from the start to the image data.
 */
import { textAt, viewOf } from '../audio/byte-source.ts';

/** As in Exif: 1 is upright, 2 to 4 are mirrored or upside down, 5 to 8 have width and height swapped. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** For a JPEG, PNG or WebP. */
export function orientationOf(bytes: Uint8Array): Orientation {
  const exif = exifInJpeg(bytes) ?? exifInPng(bytes) ?? exifInWebp(bytes);
  return exif === undefined ? 1 : orientationIn(exif);
}

const exifMark = 'Exif\0\0';

function exifInJpeg(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = viewOf(bytes);
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = view.getUint8(at + 1);
    // The image data begins.
    if (marker === 0xda) break;
    const length = view.getUint16(at + 2);
    if (marker === 0xe1 && textAt(bytes, at + 4, 6) === exifMark)
      return bytes.subarray(at + 10, at + 2 + length);
    at += marker === 0xff ? 1 : 2 + Math.max(2, length);
  }
  return undefined;
}

function exifInPng(bytes: Uint8Array): Uint8Array | undefined {
  if (textAt(bytes, 0, 8) !== '\x89PNG\r\n\x1a\n') return undefined;
  const view = viewOf(bytes);
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (textAt(bytes, at + 4, 4) === 'eXIf') return bytes.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  return undefined;
}

function exifInWebp(bytes: Uint8Array): Uint8Array | undefined {
  if (textAt(bytes, 0, 4) !== 'RIFF' || textAt(bytes, 8, 4) !== 'WEBP') return undefined;
  const view = viewOf(bytes);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (textAt(bytes, at, 4) === 'EXIF') {
      const start = at + 8 + (textAt(bytes, at + 8, 6) === exifMark ? 6 : 0);
      return bytes.subarray(start, at + 8 + length);
    }
    // Chunks of odd length are padded by one byte.
    at += 8 + length + (length % 2);
  }
  return undefined;
}

const orientationTag = 0x0112;
const entryBytes = 12;

/** The first directory of the TIFF holds it, as one 16-bit number. */
function orientationIn(exif: Uint8Array): Orientation {
  const order = textAt(exif, 0, 4);
  const isLittle = order === 'II*\0';
  if (exif.length < 8 || (!isLittle && order !== 'MM\0*')) return 1;
  const view = viewOf(exif);
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > exif.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let nth = 0; nth < count; nth++) {
    const at = directory + 2 + nth * entryBytes;
    if (at + entryBytes > exif.length) break;
    if (view.getUint16(at, isLittle) !== orientationTag) continue;
    const told = view.getUint16(at + 8, isLittle);
    return told >= 1 && told <= 8 ? (told as Orientation) : 1;
  }
  return 1;
}

export interface Pixels {
  /** Four bytes per pixel, row by row. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Turns the pixels as a viewer would show them. */
export function upright({ bytes, width, height }: Pixels, orientation: Orientation): Pixels {
  const isSwapped = orientation >= 5;
  const isMirrored = [2, 3, 7, 8].includes(orientation);
  const isTurnedOver = [3, 4, 6, 7].includes(orientation);
  const [toWidth, toHeight] = isSwapped ? [height, width] : [width, height];
  const from = new Uint32Array(bytes.slice().buffer);
  const to = new Uint32Array(from.length);
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const [across, down] = isSwapped ? [y, x] : [x, y];
      const column = isMirrored ? width - 1 - across : across;
      const row = isTurnedOver ? height - 1 - down : down;
      to[y * toWidth + x] = from[row * width + column]!;
    }
  }
  return { bytes: new Uint8Array(to.buffer), width: toWidth, height: toHeight };
}
