/**
 * Torrent files beside the content that they are made of. An earlier torrent of a folder is not part of it: whoever makes
 * a new one over it would change a file that has just been hashed. And a new torrent never takes the place of content.
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

/** Moves the torrents of this folder, which lie directly in it, from what was found to what was left out. */
export function leaveOutOwnTorrents({ root, name, files, skipped }: Scan, torrentName: string): void {
  const isOwn = ({ components, bytes }: FoundFile): boolean => {
    const [file = ''] = components;
    if (components.length > 1 || !/\.torrent$/i.test(file) || bytes > localLimits.bytesMax) return false;
    // What it is called is what it was made of, whatever the file is called by now.
    const made = nameIn(join(root, file))?.normalize();
    return made !== undefined && (made === name.normalize() || made === torrentName.normalize());
  };
  for (const file of files.filter(isOwn)) {
    files.splice(files.indexOf(file), 1);
    skipped.push({ path: join(root, ...file.components), reason: 'own-torrent' });
  }
}

/** Undefined for what is no torrent, or cannot be read: then it is content like any other. */
function nameIn(path: string): string | undefined {
  try {
    return parseMetainfo(readFileSync(path)).name;
  } catch {
    return undefined;
  }
}

/** Throws a CreateError `create-over-content` when the torrent would take the place of one of these files. */
export function checkTarget(target: string, root: string, files: readonly FoundFile[]): void {
  const there = statOf(target);
  if (there === undefined) return;
  // A hundred thousand files are not looked at again: only those that look alike.
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
