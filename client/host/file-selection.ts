/** What somebody wants of a torrent, file by file, as the engine wants it: one priority a piece. */
import type { TorrentFile } from '../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { priorityDefault, priorityMax, unwanted } from '../engine/pieces/piece-selection.ts';

/** True or false, or a priority: 0 is not wanted, 4 is usual, 7 comes before all others. */
export type FileChoice = (file: TorrentFile) => boolean | number;

export function filePriority(choose: FileChoice, file: TorrentFile): number {
  if (file.isPad) return unwanted;
  const choice = choose(file);
  if (typeof choice === 'boolean') return choice ? priorityDefault : unwanted;
  return Math.max(unwanted, Math.min(priorityMax, Math.trunc(choice) || unwanted));
}

/** A piece is wanted as much as the file in it that is wanted most. */
export function piecePriorities({ geometry, files }: Metainfo, choose: FileChoice): Uint8Array {
  const priorities = new Uint8Array(geometry.pieceCount);
  for (const file of files) {
    if (file.bytes === 0) continue;
    const priority = filePriority(choose, file);
    const first = Math.floor(file.offset / geometry.pieceLength);
    const last = Math.floor((file.offset + file.bytes - 1) / geometry.pieceLength);
    for (let i = first; i <= last; i++) priorities[i] = Math.max(priorities[i]!, priority);
  }
  return priorities;
}
