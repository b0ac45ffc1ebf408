/** Turns a selection of files into what the engine needs: one priority per piece. */
import type { TorrentFile } from '../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { priorityDefault, priorityMax, unwanted } from '../engine/pieces/piece-selection.ts';

/** True or false, or a priority: 0 is unwanted, 4 the default, 7 before all others. */
export type FileChoice = (file: TorrentFile) => boolean | number;

export function filePriority(choose: FileChoice, file: TorrentFile): number {
  if (file.isPad) return unwanted;
  const choice = choose(file);
  if (typeof choice === 'boolean') return choice ? priorityDefault : unwanted;
  return Math.max(unwanted, Math.min(priorityMax, Math.trunc(choice) || unwanted));
}

/** A piece has the priority of the most wanted file in it. */
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
