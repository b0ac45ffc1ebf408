/** Folders to share: made quickly of non-repeating bytes, and compared byte for byte. */
import { createCipheriv } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const stepBytes = 4 * 1024 * 1024;

export const emptyFile = 'empty.log';

/** A folder that is deleted at the end of its block. */
export class TemporaryFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'cicada-test-'));

  in(...names: string[]): string {
    return join(this.path, ...names);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

/**
 * An album of `bytes` in `trackCount` files of odd sizes, with a folder for its picture and an empty file.
 * The same seed gives the same bytes. A stream cipher over zeros is the fastest generator in Node.
 */
export function writeAlbum(folder: string, bytes: number, trackCount: number, seed = 'cicada'): void {
  const key = Buffer.alloc(32);
  key.write(seed);
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(stepBytes);
  const coverBytes = Math.min(77_777, Math.floor(bytes / 4));
  const files: [name: string, bytes: number][] = [
    ['scans/cover.png', coverBytes],
    [emptyFile, 0],
  ];
  let rest = bytes - coverBytes;
  for (let track = 1; track <= trackCount; track++) {
    // Different sizes, none a multiple of a block.
    const share = track === trackCount ? rest : Math.floor((rest / (trackCount - track + 1)) * 0.93);
    files.push([`${String(track).padStart(2, '0')} Track.flac`, share]);
    rest -= share;
  }
  for (const [name, size] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, 'wx');
    for (let at = 0; at < size; at += stepBytes) {
      writeSync(descriptor, cipher.update(zeros.subarray(0, Math.min(stepBytes, size - at))));
    }
    closeSync(descriptor);
  }
}

/**
 * Undefined if both folders have the same files with the same bytes. Otherwise describes the first
 * difference.
 */
export function differenceOf(expected: string, actual: string): string | undefined {
  const [names, others] = [filesOf(expected), filesOf(actual)];
  const [known, found] = [new Set(names), new Set(others)];
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined) return `${missing} is missing`;
  const extra = others.find((name) => !known.has(name));
  if (extra !== undefined) return `${extra} should not be there`;
  for (const name of names) {
    const at = firstDifference(join(expected, name), join(actual, name));
    if (at !== undefined) return `${name} differs at or after byte ${at}`;
  }
  return undefined;
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function firstDifference(one: string, other: string): number | undefined {
  const bytes = statSync(one).size;
  if (statSync(other).size !== bytes) return Math.min(bytes, statSync(other).size);
  const [a, b] = [openSync(one, 'r'), openSync(other, 'r')];
  // With 100,000 small files, full-size buffers would cost more than the comparison.
  const [left, right] = [0, 1].map(() => Buffer.allocUnsafe(Math.min(stepBytes, bytes))) as [Buffer, Buffer];
  try {
    for (let at = 0; at < bytes; at += stepBytes) {
      const count = Math.min(stepBytes, bytes - at);
      readSync(a, left, 0, count, at);
      readSync(b, right, 0, count, at);
      if (!left.subarray(0, count).equals(right.subarray(0, count))) return at;
    }
    return undefined;
  } finally {
    closeSync(a);
    closeSync(b);
  }
}
