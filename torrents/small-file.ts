/** A file that is small, or it is none: for what a release has beside its music. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/** Undefined when it cannot be read, or has grown meanwhile. */
export function smallFile(path: string, bytesMax: number): Uint8Array | undefined {
  try {
    // A pipe that somebody put there would otherwise hold us up for good.
    const descriptor = openSync(path, O_RDONLY | O_NONBLOCK);
    try {
      const stats = fstatSync(descriptor);
      const { size } = stats;
      if (!stats.isFile() || size > bytesMax) return undefined;
      const bytes = new Uint8Array(size);
      return readSync(descriptor, bytes, 0, size, 0) === size ? bytes : undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
