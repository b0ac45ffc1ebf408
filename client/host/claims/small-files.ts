/** Writes, replaces and removes small files. */
import fs from 'node:fs';
import process from 'node:process';

/** The file gets this mode, independent of the umask. */
export function writeNew(file: string, content: string | Uint8Array, mode: number): void {
  fs.writeFileSync(file, content, { mode });
  if (process.platform !== 'win32') fs.chmodSync(file, mode);
}

/** Atomic: `file` never has half of the content. */
export function replaceFile(temporary: string, file: string, content: Uint8Array, mode: number): void {
  try {
    writeNew(temporary, content, mode);
    fs.renameSync(temporary, file);
  } catch (error) {
    // Half a file would only waste space.
    removeQuietly(temporary);
    throw error;
  }
}

export function overwrite(file: string, bytes: Uint8Array, position: number): void {
  const descriptor = fs.openSync(file, 'r+');
  try {
    fs.writeSync(descriptor, bytes, 0, bytes.length, position);
  } finally {
    fs.closeSync(descriptor);
  }
}

export function removeQuietly(file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {}
}

/** The disk is full, or the user's quota is used up. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
