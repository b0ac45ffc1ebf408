/** Copies a file to another disk, and reads the copy back to compare its digest with that of the source. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** One read and one write each; small enough to show progress, large enough to keep a disk busy. */
const chunkBytes = 2 ** 20;

/**
 * `target` must not exist; it is left behind when this rejects. The copy gets the times and permissions of
 * the source, and is fsynced. Rejects with the system's error, or with `EIO` when the copy reads differently.
 * `onBytes`: after each chunk written.
 */
export async function copyVerified(
  source: string,
  target: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const written = await copied(source, target, onBytes);
  if (written.equals(await digestOf(target))) return;
  throw Object.assign(new Error(`${target} reads differently than it was written`), { code: 'EIO' });
}

/** Whether two files have the same bytes. Rejects with the system's error. */
export async function haveSameBytes(one: string, other: string): Promise<boolean> {
  return (await digestOf(one)).equals(await digestOf(other));
}

/** Rejects with the system's error. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

async function copied(source: string, target: string, onBytes: (bytes: number) => void): Promise<Buffer> {
  const from = await open(source, 'r');
  try {
    const { atime, mtime, mode } = await from.stat();
    const to = await open(target, 'wx', mode & 0o777);
    try {
      const digest = await eachChunk(from, async (chunk) => {
        await to.writeFile(chunk);
        onBytes(chunk.length);
      });
      await to.chmod(mode & 0o777);
      await to.utimes(atime, mtime);
      await to.sync();
      return digest;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

async function digestOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    return await eachChunk(file, async () => {});
  } finally {
    await file.close();
  }
}

/** From the start to the end of the file. The chunk is borrowed. Answers the SHA-256. */
async function eachChunk(file: FileHandle, take: (chunk: Buffer) => Promise<void>): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const hash = createHash('sha256');
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, chunkBytes, position);
    if (bytesRead === 0) return hash.digest();
    position += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await take(chunk);
  }
}
