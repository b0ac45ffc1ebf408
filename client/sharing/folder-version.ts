/**
 * Makes a torrent of a shared folder as it is now, and reads only what has changed since the version before.
 *
 * Invariant: what comes out is what hashing everything would give; a folder that changes meanwhile gives no version, but
 * an error that says so. A version has the name, the format and, while it can, the piece length of the one before, so
 * that files that stay keep their hashes.
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
  /** What the folder looked like. */
  readonly listing: FolderListing;
  /** What lies in the folder and not in the torrent; it is not remembered. */
  readonly skipped?: readonly Skipped[];
}

/** Eight times what we would choose for a new folder: a share that has grown so much is worth hashing once more. */
const pieceCountMax = 8192;

/** Rejects with a CreateError, or the reason of the signal. */
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
  // Of the files that were not read nobody has looked whether they changed meanwhile.
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

/** What somebody asks for counts; left out and undefined are the same. */
function definedOnly(options: CreateOptions): CreateOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
