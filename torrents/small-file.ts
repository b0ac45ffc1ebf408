/** Reads a file only if it is small: covers, cue sheets and other files beside the music of a release. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const { O_RDONLY, O_NONBLOCK = 0 } = constants;

/** Undefined if the file is too large, cannot be read, or shrank while it was read. */
export function smallFile(path: string, bytesMax: number): Uint8Array | undefined {
  try {
    // Without O_NONBLOCK, opening a named pipe would block for good.
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
