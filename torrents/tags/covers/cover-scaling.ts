/**
 * Scales a picture that is too large for a catalogue down to a smaller JPEG. Hostile pictures attack
 * decoders. So this runs in a process that can be killed (tag-child.ts), and the decoder is Rust in
 * WebAssembly, which can access only its own memory.
 *
 * Left to others: limits of time and memory (tag-reader.ts).
 */
import type { PhotonImage, resize, SamplingFilter } from '@silvia-odwyer/photon-node';
import { coverBytesMax, imageSize } from './cover-image.ts';
import { type Orientation, orientationOf, upright } from './exif-orientation.ts';

/** Enough for a PNG scan of a sleeve at 600 dpi. */
export const largeCoverBytesMax = 24 * 2 ** 20;
/** 5,000 by 5,000 pixels, which take 360 MB when decoded. */
const largePixelsMax = 25_000_000;

/**
 * Longest side in pixels and JPEG quality, tried until the result is small enough. The web page shows 256
 * pixels, a player 1,000.
 */
const attempts = [
  [1000, 85],
  [800, 80],
  [600, 75],
  [300, 70],
] as const;

/** Null if it is not a readable picture. */
export async function scaledCover(bytes: Uint8Array): Promise<Uint8Array | 'too-large' | null> {
  const size = imageSize(bytes);
  if (size === undefined) return null;
  const [width, height] = size;
  if (bytes.length > largeCoverBytesMax || width * height > largePixelsMax) return 'too-large';
  // Loads its 2 MB of code only for the first large picture.
  const photon = await import('@silvia-odwyer/photon-node');
  const image = photon.PhotonImage.new_from_byteslice(bytes);
  const orientation = orientationOf(bytes);
  for (const [side, quality] of attempts) {
    const lying = shrunk(image, side, photon.resize, photon.SamplingFilter.Triangle);
    const small = orientation === 1 ? lying : turned(lying, orientation, photon.PhotonImage);
    const jpeg = small.get_bytes_jpeg(quality);
    small.free();
    if (jpeg.length <= coverBytesMax) return jpeg;
  }
  return 'too-large';
}

/** Frees `image`. */
function turned(image: PhotonImage, orientation: Orientation, Image: typeof PhotonImage): PhotonImage {
  const size = { width: image.get_width(), height: image.get_height() };
  const { bytes, width, height } = upright({ bytes: image.get_raw_pixels(), ...size }, orientation);
  image.free();
  return new Image(bytes, width, height);
}

function shrunk(image: PhotonImage, side: number, scale: typeof resize, filter: SamplingFilter): PhotonImage {
  const [width, height] = [image.get_width(), image.get_height()];
  const factor = Math.min(1, side / Math.max(width, height));
  const of = (length: number): number => Math.max(1, Math.round(length * factor));
  return scale(image, of(width), of(height), filter);
}
