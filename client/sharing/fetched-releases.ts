/**
 * Records which version of which release was fetched into which folder, so that an upgrade fetches only what
 * has changed. Two files per release and folder: the torrent, and a record.
 *
 * Invariant: a record that is unreadable or does not match its torrent is ignored.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { hex } from '../../torrents/byte-text.ts';
import { writeTorrentFile } from '../../torrents/create/torrent-write.ts';
import { makeFolders } from '../../torrents/make-folders.ts';
import { type Metainfo, parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { encodeMetainfo } from '../../torrents/metainfo/metainfo-encode.ts';
import { readPrivate, writePrivate } from '../account/private-file.ts';

export interface FetchedRelease {
  readonly releaseId: string;
  readonly version: number;
  /** The key that signed the release, in base64. */
  readonly publicKey: string | undefined;
  readonly metainfo: Metainfo;
  /** The release's own folder or file. */
  readonly path: string;
}

/** `parent`: the folder into which it was fetched. */
export async function loadFetched(
  stateFolder: string,
  releaseId: string,
  parent: string,
): Promise<FetchedRelease | undefined> {
  const files = filesOf(stateFolder, releaseId, parent);
  try {
    const text = await readPrivate(files.record);
    if (text === undefined) return undefined;
    const { version, publicKey, at, infoHash } = JSON.parse(text) as Record<string, unknown>;
    const metainfo = parseMetainfo(await fs.readFile(files.torrent));
    if (typeof version !== 'number' || typeof at !== 'string' || infoHash !== hashOf(metainfo))
      return undefined;
    return { releaseId, version, publicKey: publicKey as string | undefined, metainfo, path: at };
  } catch {
    return undefined;
  }
}

/** Replaces the earlier version's record. */
export async function saveFetched(
  stateFolder: string,
  parent: string,
  fetched: FetchedRelease,
): Promise<void> {
  const { releaseId, version, publicKey, metainfo, path: at } = fetched;
  const files = filesOf(stateFolder, releaseId, parent);
  makeFolders(path.dirname(files.torrent), 0o700);
  // Announce URLs contain the passkey. The tracker sends them with each fetch, so they are not stored.
  await writeTorrentFile(files.torrent, encodeMetainfo({ ...metainfo, trackers: [] }), { force: true });
  const record = { releaseId, version, publicKey, at, infoHash: hashOf(metainfo) };
  await writePrivate(files.record, `${JSON.stringify(record)}\n`, { replace: true });
}

function hashOf({ infoHash }: Metainfo): string {
  return hex(infoHash);
}

function filesOf(stateFolder: string, releaseId: string, parent: string) {
  const key = `${releaseId}\n${path.resolve(parent)}`;
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const at = path.join(stateFolder, 'fetched', name);
  return { record: `${at}.json`, torrent: `${at}.torrent` };
}
