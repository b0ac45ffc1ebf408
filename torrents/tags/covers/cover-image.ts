/**
 * Whether some bytes are a picture that may stand for an album: JPEG, PNG or WebP, by their own first bytes and never by
 * what anybody calls them (SVG is a program), small enough to be kept and sent, and without more pixels than a page can
 * take.
 *
 * Invariant: nothing is decoded here; every number is read within the bytes that are there.
 */

export interface CoverImage {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp';
  readonly bytes: Uint8Array;
}

/** A catalogue of 80,000 releases keeps one each. */
export const coverBytesMax = 256 * 1024;
/** A few bytes can ask for a picture that fills all memory of whoever shows it. */
const pixelsMax = 50_000_000;

export function coverImage(bytes: Uint8Array): CoverImage | undefined {
  if (bytes.length > coverBytesMax) return undefined;
  const image = imageOf(bytes);
  return image !== undefined && image.size[0] * image.size[1] <= pixelsMax
    ? { type: image.type, bytes }
    : undefined;
}

/** As its header tells, of any length; undefined when it is no picture of these kinds. */
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

/** The signature, then the chunk IHDR, which has to be the first. */
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

/** Segment by segment to the start of a frame, whichever of its kinds. */
function jpegSize(view: DataView): Size | undefined {
  if (view.byteLength < 4 || view.getUint32(0) >>> 8 !== 0xffd8ff) return undefined;
  for (let at = 2; at + 9 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) break;
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    const bytes = view.getUint16(at + 2);
    // A marker may be preceded by fill bytes; a segment holds at least its own length.
    at += marker === 0xff ? 1 : 2 + Math.max(2, bytes);
  }
  return [0, 0];
}

function textAt(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}
