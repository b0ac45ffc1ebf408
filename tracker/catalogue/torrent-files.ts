/**
 * The .torrent files of the catalogue: in a folder beside the database, each under its SHA-256. They are some fifty
 * kilobytes each, incompressible, and read rarely: in the database they would be most of it.
 *
 * Invariant: a file is on the disk before anything refers to it, and goes only when it is certain that nothing does.
 */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolders } from '../../torrents/make-folders.ts';

export interface TorrentFiles {
  /** → its digest. Synced to the disk. */
  write(bytes: Uint8Array): Uint8Array;
  read(digest: Uint8Array): Uint8Array;
}

export function torrentFiles(db: DatabaseSync): TorrentFiles {
  const folder = folderOf(db);
  return {
    write(bytes) {
      const digest = createHash('sha256').update(bytes).digest();
      const path = pathOf(folder, digest);
      makeFolders(dirname(path), 0o700);
      // One writer, one file at a time: whatever an earlier one left half-written is written over.
      const half = join(folder, 'half');
      try {
        withFile(half, 'w', (file) => {
          for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
          fsyncSync(file);
        });
      } catch (error) {
        // A disk that is full is not to hold half of something that nobody will ask for.
        rmSync(half, { force: true });
        throw error;
      }
      renameSync(half, path);
      // The name in its folder, and that folder's name, which may be new.
      withFile(dirname(path), 'r', fsyncSync);
      withFile(folder, 'r', fsyncSync);
      return digest;
    },
    read: (digest) => readFileSync(pathOf(folder, digest)),
  };
}

/** When the writer starts: what was dropped before is removed now, unless it has been published again. */
export function removeDropped(db: DatabaseSync): void {
  const folder = folderOf(db);
  const dropped = db.prepare(
    'SELECT digest FROM dropped_torrents WHERE NOT EXISTS (SELECT 1 FROM versions WHERE torrent = digest)',
  );
  for (const { digest } of dropped.all()) rmSync(pathOf(folder, digest as Uint8Array), { force: true });
  db.exec('DELETE FROM dropped_torrents');
}

function folderOf(db: DatabaseSync): string {
  return `${db.location()}-torrents`;
}

function pathOf(folder: string, digest: Uint8Array): string {
  const name = Buffer.from(digest).toString('hex');
  return join(folder, name.slice(0, 2), `${name}.torrent`);
}

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
