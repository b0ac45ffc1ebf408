/**
 * The .torrent files of the catalogue: in a folder beside the database, each under its SHA-256. They are some fifty
 * kilobytes each, incompressible, and read rarely: in the database they would be most of it.
 *
 * Invariant: a file is on the disk before anything refers to it, and goes only when it is certain that nothing does.
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

/** A torrent that another thread has written beside the others, and synced: it is to get its name. */
export interface IncomingTorrent {
  /** In the folder of torrents. */
  readonly name: string;
  /** SHA-256. */
  readonly digest: Uint8Array;
}

export interface TorrentFiles {
  /** → its digest. Synced to the disk. */
  write(bytes: Uint8Array): Uint8Array;
  /** Gives it its name → its digest. */
  adopt(incoming: IncomingTorrent): Uint8Array;
  read(digest: Uint8Array): Uint8Array;
}

export function torrentFiles(db: DatabaseSync): TorrentFiles {
  const folder = folderOf(db);

  function place(from: string, to: string): void {
    renameSync(from, to);
    // The name in its folder, and that folder's name, which may be new.
    withFile(dirname(to), 'r', fsyncSync);
    withFile(folder, 'r', fsyncSync);
  }

  return {
    write(bytes) {
      const digest = createHash('sha256').update(bytes).digest();
      const path = pathOf(folder, digest);
      makeFolders(dirname(path), 0o700);
      // One writer, one file at a time: whatever an earlier one left half-written is written over.
      const half = join(folder, 'half');
      try {
        writeSynced(half, bytes);
      } catch (error) {
        // A disk that is full is not to hold half of something that nobody will ask for.
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

/** Beside the database's torrents, under a name of its own; for the writer to adopt. Throws the system's errors. */
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

/** One that was not adopted: what it was for is refused. */
export async function dropIncoming(folder: string, { name }: IncomingTorrent): Promise<void> {
  await rm(join(folder, name), { force: true });
}

/** Where a database keeps its torrents. `path`: of the database's file. */
export function torrentsFolder(path: string): string {
  return `${path}-torrents`;
}

/**
 * When the writer starts: what was dropped before is removed now, unless it has been published again, and with it what
 * came in and was not adopted before the tracker ended.
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
