/**
 * The .torrent files of the catalogue, in a folder beside the database, each named by its SHA-256. They have
 * about fifty kilobytes each, do not compress and are rarely read; in the database they would take up most of
 * the space.
 *
 * Invariant: a file is on the disk before a row refers to it, and is removed only when no row refers to it.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolders } from '../../../torrents/make-folders.ts';

/** A torrent that another thread has written and synced into the same folder under a temporary name. */
export interface IncomingTorrent {
  /** Its name in the folder of torrents. */
  readonly name: string;
  /** SHA-256. */
  readonly digest: Uint8Array;
}

export interface TorrentFiles {
  /** Writes and syncs the file. Returns its digest. */
  write(bytes: Uint8Array): Uint8Array;
  /** Renames the file to its final name. Returns its digest. */
  adopt(incoming: IncomingTorrent): Uint8Array;
  read(digest: Uint8Array): Uint8Array;
}

export function torrentFiles(db: DatabaseSync): TorrentFiles {
  const folder = folderOf(db);

  function place(from: string, to: string): void {
    renameSync(from, to);
    // Syncs the folder of the new name and its parent, because the folder may be new.
    withFile(dirname(to), 'r', fsyncSync);
    withFile(folder, 'r', fsyncSync);
  }

  return {
    write(bytes) {
      const digest = createHash('sha256').update(bytes).digest();
      const path = pathOf(folder, digest);
      makeFolders(dirname(path), 0o700);
      // One writer writes one file at a time, so that a partial file left by a crash is overwritten.
      const half = join(folder, 'half');
      try {
        writeSynced(half, bytes);
      } catch (error) {
        // A full disk must not keep a partial file that will never be used.
        rmSync(half, { force: true });
        throw error;
      }
      place(half, path);
      return digest;
    },
    adopt({ name, digest }) {
      const path = pathOf(folder, digest);
      makeFolders(dirname(path), 0o700);
      place(join(folder, name), path);
      return digest;
    },
    read: (digest) => readFileSync(pathOf(folder, digest)),
  };
}

const incomingPrefix = 'incoming-';

/**
 * Writes a torrent under a temporary name into the folder of torrents, for the writer to adopt. Throws system
 * errors.
 */
export function writeIncoming(folder: string, bytes: Uint8Array): IncomingTorrent {
  makeFolders(folder, 0o700);
  const name = `${incomingPrefix}${randomBytes(8).toString('hex')}`;
  const path = join(folder, name);
  try {
    writeSynced(path, bytes);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
  return { name, digest: createHash('sha256').update(bytes).digest() };
}

/** Removes a file that was not adopted, because its publication was refused. */
export async function dropIncoming(folder: string, { name }: IncomingTorrent): Promise<void> {
  await rm(join(folder, name), { force: true });
}

/** The folder of a database's torrents. `path`: the database's file. */
export function torrentsFolder(path: string): string {
  return `${path}-torrents`;
}

/**
 * Called when the writer starts. Removes dropped torrents that were not published again, and incoming files
 * that were not adopted before the tracker stopped.
 */
export function removeDropped(db: DatabaseSync): void {
  const folder = folderOf(db);
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (name.startsWith(incomingPrefix)) rmSync(join(folder, name), { force: true });
  }
  const dropped = db.prepare(
    'SELECT digest FROM dropped_torrents WHERE NOT EXISTS (SELECT 1 FROM versions WHERE torrent = digest)',
  );
  for (const { digest } of dropped.all()) rmSync(pathOf(folder, digest as Uint8Array), { force: true });
  db.exec('DELETE FROM dropped_torrents');
}

function folderOf(db: DatabaseSync): string {
  return torrentsFolder(db.location()!);
}

function pathOf(folder: string, digest: Uint8Array): string {
  const name = Buffer.from(digest).toString('hex');
  return join(folder, name.slice(0, 2), `${name}.torrent`);
}

function writeSynced(path: string, bytes: Uint8Array): void {
  withFile(path, 'w', (file) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  });
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
