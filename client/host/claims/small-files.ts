/** Small files that are written whole. */
import fs from 'node:fs';
import process from 'node:process';

/** With these rights whatever the user's umask is. */
export function writeNew(file: string, content: string | Uint8Array, mode: number): void {
  fs.writeFileSync(file, content, { mode });
  if (process.platform !== 'win32') fs.chmodSync(file, mode);
}

/** At no moment half of it has the name. */
export function replaceFile(temporary: string, file: string, content: Uint8Array, mode: number): void {
  try {
    writeNew(temporary, content, mode);
    fs.renameSync(temporary, file);
  } catch (error) {
    // Half of it would take the room that others need.
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

/** There is no room on the disk, or none for this user. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
