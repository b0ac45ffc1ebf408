/**
 * The user's selection and piece order of a running torrent: first the files are prepared on the disk, then
 * the engine is informed.
 */
import type { PieceIndex } from '../../torrents/geometry.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import type { TorrentId } from '../engine/contract.ts';
import { unwanted } from '../engine/pieces/piece-selection.ts';
import { ClientError, cannotWrite } from './client-error.ts';
import type { FileSystem } from './disk/file-system.ts';
import { type FileChoice, filePriority, piecePriorities } from './file-selection.ts';
import type { Clock, FactSink } from './ports.ts';
import type { FileDisk } from './storage/file-disk.ts';
import type { StoredFile } from './storage/stored-file.ts';
import type { TorrentFiles } from './storage/torrent-files.ts';

export interface TorrentWishes {
  /**
   * Selects files, at any time. If the torrent is complete, it goes on downloading, and `completed` is a new
   * promise. Unwanted files do not appear on the disk, but a file that was begun stays. Throws a ClientError
   * when the disk refuses, and then the earlier selection still holds.
   */
  select(choose: FileChoice): void;
  /** Requests pieces in order, for playback during the download; otherwise rarest first. */
  setSequential(sequential: boolean): void;
  /**
   * Requests this piece before all others, within so many milliseconds; undefined cancels that. Ignored for
   * unwanted pieces.
   */
  setDeadline(pieceIndex: number, inMs: number | undefined): void;
  /** Announces as soon as the trackers allow; `status()` tells when. */
  announceNow(): void;
}

export function wishesOf(
  torrent: TorrentId,
  metainfo: Metainfo,
  files: TorrentFiles,
  world: { readonly sink: FactSink; readonly disk: FileDisk; readonly clock: Clock },
): TorrentWishes {
  const { sink, disk, clock } = world;
  return {
    select: (choose) => {
      const priorities = piecePriorities(metainfo, choose);
      for (const stored of files.files) {
        if (stored?.state === 'side' && filePriority(choose, stored.file) !== unwanted)
          refuseUnseen(files.fs, stored);
      }
      try {
        for (const stored of files.files) {
          if (stored !== undefined) files.setWanted(stored, filePriority(choose, stored.file) !== unwanted);
        }
        disk.finishComplete(torrent);
      } catch (error) {
        throw cannotWrite(files.rootPath, error);
      }
      sink({ type: 'pieces-selected', torrent, priorities });
    },
    setSequential: (sequential) => sink({ type: 'order-chosen', torrent, sequential }),
    announceNow: () => sink({ type: 'announce-wished', torrent }),
    setDeadline: (untrusted, inMs) => {
      const pieceIndex: PieceIndex | undefined = metainfo.geometry.pieceIndex(untrusted);
      if (pieceIndex === undefined) throw new RangeError(`pieceIndex: ${untrusted}`);
      const atMs = inMs === undefined ? undefined : clock.nowMs() + Math.trunc(inMs);
      sink({ type: 'deadline-set', torrent, pieceIndex, atMs });
    },
  };
}

/** The file appeared after the start of this download, or differed then: only a new start compares it. */
function refuseUnseen(fs: FileSystem, { finalPath, replaces }: StoredFile): void {
  if (replaces !== undefined || !fs.exists(finalPath)) return;
  throw new ClientError('exists', `${finalPath} is there already`, {
    ...{ path: finalPath, obstacle: 'not-compared' },
  });
}
