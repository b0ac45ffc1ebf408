/**
 * Decides whether some bytes can be the cover of an album: a JPEG, PNG or WebP by its first bytes, never by
 * its name or declared type (an SVG can run scripts). A cover is small enough to be stored and sent, and has
 * no more pixels than a browser can show.
 *
 * Invariant: nothing is decoded here. No read goes beyond the bytes.
 */

export interface CoverImage {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly bytes: Uint8Array;
}

/** A catalogue of 80,000 releases stores one cover each. */
export const coverBytesMax = 256 * 1024;
/** A file of a few bytes can claim a size that fills all memory when it is shown. */
const pixelsMax = 50_000_000;

export function coverImage(bytes: Uint8Array): CoverImage | undefined {
  if (bytes.length > coverBytesMax) return undefined;
  const image = imageOf(bytes);
  return image !== undefined && image.size[0] * image.size[1] <= pixelsMax
    ? { type: image.type, bytes }
    : undefined;
}

/** The size by its header, for files of any length. Undefined if it is not a picture of these kinds. */
export function imageSize(bytes: Uint8Array): Size | undefined {
  return imageOf(bytes)?.size;
}

function imageOf(bytes: Uint8Array): { readonly type: CoverImage['type']; readonly size: Size } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [type, sizeOf] of readers) {
    const size = sizeOf(view);
    if (size === undefined) continue;
    return size[0] > 0 && size[1] > 0 ? { type, size } : undefined;
  }
  return undefined;
}

type Size = readonly [width: number, height: number];

const readers: readonly (readonly [CoverImage['type'], (view: DataView) => Size | undefined])[] = [
  ['image/png', pngSize],
  ['image/webp', webpSize],
  ['image/jpeg', jpegSize],
];

/** The signature, then the IHDR chunk, which must come first. */
function pngSize(view: DataView): Size | undefined {
  if (view.byteLength < 24 || view.getBigUint64(0) !== 0x89504e470d0a1a0an) return undefined;
  return textAt(view, 12) === 'IHDR' ? [view.getUint32(16), view.getUint32(20)] : [0, 0];
}

function webpSize(view: DataView): Size | undefined {
  if (view.byteLength < 30 || textAt(view, 0) !== 'RIFF' || textAt(view, 8) !== 'WEBP') return undefined;
  switch (textAt(view, 12)) {
    case 'VP8 ':
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    case 'VP8L': {
      const bits = view.getUint32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 'VP8X':
      return [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
    default:
      return [0, 0];
  }
}

/** Goes from segment to segment to the start of a frame of any kind (SOF). */
function jpegSize(view: DataView): Size | undefined {
  if (view.byteLength < 4 || view.getUint32(0) >>> 8 !== 0xffd8ff) return undefined;
  for (let at = 2; at + 9 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) break;
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    const bytes = view.getUint16(at + 2);
    // Fill bytes may precede a marker. The length of a segment includes its own two bytes.
    at += marker === 0xff ? 1 : 2 + Math.max(2, bytes);
  }
  return [0, 0];
}

function textAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}
