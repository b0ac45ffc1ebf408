/** The files of the demo: an altered copy for the lying peer, and the digests that prove the honest copy. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolders } from '../../../torrents/make-folders.ts';
import { size } from '../../../torrents/wording.ts';
import { CliError } from '../cli-error.ts';

/** One byte in every 16 KiB is changed, so that every block of the altered copy is wrong. */
const alteredEveryBytes = 16 * 1024;

/** Copies the files with changed bytes. */
export async function copyAltered(
  from: string,
  to: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const path of paths) {
    const target = join(to, path);
    makeFolders(dirname(target));
    await pipeline(createReadStream(join(from, path)), alteration(), createWriteStream(target), { signal });
  }
}

function alteration(): Transform {
  let position = 0;
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      const first = (alteredEveryBytes - (position % alteredEveryBytes)) % alteredEveryBytes;
      for (let at = first; at < bytes.length; at += alteredEveryBytes) bytes[at]! ^= 0xff;
      position += bytes.length;
      done(null, bytes);
    },
  });
}

/** SHA-256, in hex. */
export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}

/** Throws CliError `disk-full` before the demo begins, not in the middle of it. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  throw new CliError(
    'disk-full',
    `the demo needs ${size(bytes)} in ${folder}, and ${size(bavail * bsize)} are free there`,
  );
}
