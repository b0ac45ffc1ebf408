/**
 * Makes a torrent of a shared folder's current contents, and hashes only the files that have changed since
 * the version before.
 *
 * Invariant: the result is the same as hashing everything. A folder that changes while it is hashed gives an
 * error and no version. A version keeps the name, the format and, where possible, the piece length of the one
 * before, so that unchanged files keep their hashes.
 */
import {
  type CreateOptions,
  createTorrent,
  knownFilesOf,
  planTorrent,
  type Skipped,
} from '../../torrents/create/create.ts';
import { CreateError } from '../../torrents/create/create-error.ts';
import type { HashControl } from '../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { type FolderListing, listFolder, sameListedStamp, sameListing } from './folder-listing.ts';

export interface FolderVersion {
  readonly metainfo: Metainfo;
  /** The torrent file. */
  readonly torrent: Uint8Array;
  /** The folder's files when the version was made. */
  readonly listing: FolderListing;
  /** Files in the folder that are not in the torrent. Not stored between runs. */
  readonly skipped?: readonly Skipped[];
}

/**
 * Eight times the piece count chosen for a new folder. A share that has grown this much is worth hashing once
 * more.
 */
const pieceCountMax = 8192;

/** Rejects with a CreateError, or with the signal's reason. */
export async function makeVersion(
  folder: string,
  options: CreateOptions,
  before: FolderVersion | undefined,
  control: HashControl = {},
): Promise<FolderVersion> {
  const listing = await listFolder(folder, options, control.signal);
  const like = before === undefined ? options : await likeBefore(folder, options, before, control.signal);
  const known = before && knownFilesOf(before.metainfo);
  const { bytes, metainfo, skipped } = await createTorrent(
    folder,
    {
      ...like,
      known: (components) => {
        const name = components.join('/');
        const isSame = sameListedStamp(before?.listing.get(name), listing.get(name));
        return isSame ? known?.(components) : undefined;
      },
    },
    control,
  );
  // createTorrent() has not checked the files that it did not read, so they are compared here.
  if (!sameListing(listing, await listFolder(folder, options, control.signal))) {
    const message = `${folder} changed while it was read: it is looked at again`;
    throw new CreateError('file-changed', message, folder, undefined, { isTriedAgain: true });
  }
  return { metainfo, torrent: bytes, listing, skipped };
}

async function likeBefore(
  folder: string,
  options: CreateOptions,
  { metainfo }: FolderVersion,
  signal: AbortSignal | undefined,
): Promise<CreateOptions> {
  const { name, format, pieceLength } = metainfo;
  const like = { name, format, pieceLength, ...definedOnly(options) };
  const { pieceCount } = await planTorrent(folder, like, signal);
  return pieceCount <= pieceCountMax ? like : { ...like, pieceLength: options.pieceLength };
}

/** Only given options override the earlier version. An option set to undefined counts as not given. */
function definedOnly(options: CreateOptions): CreateOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
