/**
 * Finds albums in music folders as they are added, changed or removed (folder-scout.ts), for `share
 * --per-album`. New audio in the folder of a disc changes its album. In any other folder it is an album of
 * its own.
 */
import { type Album, findAlbums } from '../../../torrents/create/albums.ts';
import type { ScanOptions } from '../../../torrents/create/folder-scan.ts';
import { type FolderScoutOptions, type FolderScoutPorts, scoutFolders } from './folder-scout.ts';

export interface AlbumScoutPorts extends Omit<FolderScoutPorts<Album>, 'look' | 'onNew'> {
  /** Called for each unknown album, at every look until it is known. Never rejects. */
  readonly onAlbum: (album: Album) => Promise<void>;
}

/** Runs until the signal is aborted. Never rejects. */
export async function scoutAlbums(
  options: FolderScoutOptions & { readonly scan: ScanOptions },
  { onAlbum, ...ports }: AlbumScoutPorts,
): Promise<void> {
  await scoutFolders<Album>(options, {
    ...ports,
    look: async (folder, signal) => (await findAlbums(folder, options.scan, signal)).albums,
    onNew: async (albums) => {
      for (const album of albums) if (!options.signal.aborted) await onAlbum(album);
    },
  });
}
