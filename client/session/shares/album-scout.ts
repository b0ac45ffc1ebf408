/**
 * The albums of music folders, as they come, change and go (folder-scout.ts): for `share --per-album`. Audio in the folder
 * of a disc is a change of its album; in any other folder it is an album of its own.
 */
import { type Album, findAlbums } from '../../../torrents/create/albums.ts';
import type { ScanOptions } from '../../../torrents/create/folder-scan.ts';
import { type FolderScoutOptions, type FolderScoutPorts, scoutFolders } from './folder-scout.ts';

export interface AlbumScoutPorts extends Omit<FolderScoutPorts<Album>, 'look' | 'onNew'> {
  /** Called for each that is not known, at every look until it is. Never rejects. */
  readonly onAlbum: (album: Album) => Promise<void>;
}

/** Until the signal is aborted; never rejects. */
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
