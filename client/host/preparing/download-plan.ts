/**
 * What must be known before a download starts: the content of its folder, the selection, and the free space.
 */
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { withNamesThere } from '../../../torrents/paths/names-there.ts';
import { unwanted } from '../../engine/pieces/piece-selection.ts';
import { type DownloadOptions, hashControl } from '../active-torrent.ts';
import { checkSpace } from '../disk/free-space.ts';
import { filePriority, piecePriorities } from '../file-selection.ts';
import type { RealPorts } from '../real-ports.ts';
import { type PreparedDownload, prepareDownload } from './download-folder.ts';

export interface DownloadPlan extends PreparedDownload {
  readonly priorities: Uint8Array | undefined;
  readonly device: number | undefined;
}

interface PlanningWorld extends Pick<RealPorts, 'pool' | 'store'> {
  readonly threads: number | undefined;
  /** What other downloads will still write on a disk. */
  readonly promised: (device: number | undefined) => number;
}

/** The torrent and its earlier version, with names as they are already in the folder. */
export function onDisk(metainfo: Metainfo, options: DownloadOptions) {
  const { folder, upgradeFrom: from } = options;
  const upgradeFrom = from && { ...from, metainfo: withNamesThere(from.metainfo, folder) };
  return {
    metainfo: withNamesThere(metainfo, folder),
    options: upgradeFrom === undefined ? options : { ...options, upgradeFrom },
  };
}

/** `isLeft`: another torrent is fetching the file. */
export async function planDownload(
  metainfo: Metainfo,
  options: DownloadOptions,
  isLeft: (file: TorrentFile) => boolean,
  { pool, store, threads, promised }: PlanningWorld,
): Promise<DownloadPlan> {
  const memory = store === undefined ? undefined : { store, pool };
  const { folder, upgradeFrom, select } = options;
  const isWanted = (file: TorrentFile) => filePriority(select ?? (() => true), file) !== unwanted;
  const wanted = { pool, isWanted, isLeft };
  const control = hashControl(options, threads);
  const prepared = await prepareDownload(metainfo, folder, { control, memory, wanted, upgradeFrom });
  const priorities = select && piecePriorities(metainfo, select);
  const { device } = await checkSpace(metainfo, prepared, options, priorities, promised);
  return { ...prepared, priorities, device };
}
