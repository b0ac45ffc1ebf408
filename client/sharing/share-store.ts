/**
 * Remembers each shared folder between runs: its last version and its listing, so that a start hashes only
 * what has changed. Two files per folder: the torrent, and a record of the listing.
 *
 * Invariant: a record that is unreadable, of another folder or format, or does not match its torrent is
 * ignored; everything is then hashed again. Left to others: the folder's release at a tracker
 * (publication-store.ts).
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { hex } from '../../torrents/byte-text.ts';
import { writeTorrentFile } from '../../torrents/create/torrent-write.ts';
import { makeFolders } from '../../torrents/make-folders.ts';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { writeWhole } from '../../torrents/whole-file.ts';
import type { FolderListing, ListedStamp } from './folder-listing.ts';
import type { FolderVersion } from './folder-version.ts';

const version = 1;
/** 100,000 files of 250 bytes each, with room for longer names. */
const recordBytesMax = 64 * 1024 * 1024;

export async function loadVersion(stateFolder: string, folder: string): Promise<FolderVersion | undefined> {
  const files = filesOf(stateFolder, folder);
  try {
    if ((await fs.stat(files.record)).size > recordBytesMax) return undefined;
    const record = JSON.parse(await fs.readFile(files.record, 'utf8')) as Record<string, unknown>;
    const torrent = await fs.readFile(files.torrent);
    const metainfo = parseMetainfo(torrent);
    const isOurs = record.version === version && record.folder === path.resolve(folder);
    // The two files are written one after the other: after a crash in between, the record belongs to another
    // torrent.
    if (!isOurs || record.infoHash !== hex(metainfo.infoHash)) return undefined;
    return { metainfo, torrent, listing: listingOf(record.files) };
  } catch {
    return undefined;
  }
}

/**
 * Throws a CreateError or the system's error when it cannot be written. The next start then has more to hash.
 */
export async function saveVersion(stateFolder: string, folder: string, made: FolderVersion): Promise<void> {
  const files = filesOf(stateFolder, folder);
  makeFolders(path.dirname(files.record), 0o700);
  await writeTorrentFile(files.torrent, made.torrent, { force: true });
  const text = JSON.stringify({
    version,
    folder: path.resolve(folder),
    infoHash: hex(made.metainfo.infoHash),
    files: [...made.listing].map(([name, s]) => [name, s.bytes, s.mtimeNs, s.ctimeNs, s.inode]),
  });
  await writeWhole(files.record, text, { mode: 0o600 });
}

/** For a folder that is no longer shared. */
export async function forgetVersion(stateFolder: string, folder: string): Promise<void> {
  const { record, torrent } = filesOf(stateFolder, folder);
  await Promise.all([fs.rm(record, { force: true }), fs.rm(torrent, { force: true })]);
}

function filesOf(stateFolder: string, folder: string): { record: string; torrent: string } {
  const name = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 32);
  const at = path.join(stateFolder, 'shares', name);
  return { record: `${at}.json`, torrent: `${at}.torrent` };
}

function listingOf(files: unknown): FolderListing {
  const listing = new Map<string, ListedStamp>();
  for (const [name, bytes, ...texts] of files as [string, number, ...string[]][]) {
    const [mtimeNs, ctimeNs, inode] = texts;
    if (typeof bytes !== 'number' || inode === undefined) throw new TypeError('no listing');
    listing.set(name, { bytes, mtimeNs: mtimeNs!, ctimeNs: ctimeNs!, inode });
  }
  return listing;
}
