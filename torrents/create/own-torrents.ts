/**
 * Handles torrent files beside the content that they describe. An earlier torrent of a folder is not part of
 * the content: overwriting it with the new one would change a file that was just hashed. A new torrent file
 * never overwrites content.
 */
import { readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { localLimits } from '../bencode/bencode.ts';
import { parseMetainfo } from '../metainfo/metainfo.ts';
import { CreateError } from './create-error.ts';

interface FoundFile {
  readonly components: readonly string[];
  readonly bytes: number;
  readonly mtimeMs: number;
}

interface Scan {
  readonly root: string;
  readonly name: string;
  readonly files: FoundFile[];
  readonly skipped: { push(skip: { readonly path: string; readonly reason: 'own-torrent' }): unknown };
}

/** Moves torrents of this folder that lie directly in it from `files` to `skipped`. */
export function leaveOutOwnTorrents({ root, name, files, skipped }: Scan, torrentName: string): void {
  const isOwn = ({ components, bytes }: FoundFile): boolean => {
    const [file = ''] = components;
    if (components.length > 1 || !/\.torrent$/i.test(file) || bytes > localLimits.bytesMax) return false;
    // The name inside the torrent is the name of its content. The file itself may have been renamed.
    const made = nameIn(join(root, file))?.normalize();
    return made !== undefined && (made === name.normalize() || made === torrentName.normalize());
  };
  for (const file of files.filter(isOwn)) {
    files.splice(files.indexOf(file), 1);
    skipped.push({ path: join(root, ...file.components), reason: 'own-torrent' });
  }
}

/** Undefined for a file that is no torrent or cannot be read: it counts as content. */
function nameIn(path: string): string | undefined {
  try {
    return parseMetainfo(readFileSync(path)).name;
  } catch {
    return undefined;
  }
}

/** Throws CreateError `create-over-content` if writing the torrent would overwrite one of these files. */
export function checkTarget(target: string, root: string, files: readonly FoundFile[]): void {
  const there = statOf(target);
  if (there === undefined) return;
  // Only files of the same size and time are looked up again: there may be 100,000.
  for (const { components, bytes, mtimeMs } of files) {
    if (bytes !== there.size || mtimeMs !== there.mtimeMs) continue;
    const path = join(root, ...components);
    const file = statOf(path);
    if (file === undefined || file.ino !== there.ino || file.dev !== there.dev) continue;
    throw new CreateError('create-over-content', `${target} is a file of the content (${path})`, target);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
