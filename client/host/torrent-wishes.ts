/**
 * What somebody wants of a running torrent, and in which order: first the files are made ready for it on the disk, then
 * the engine is told.
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
   * Which files are wanted, at any moment, also when the torrent is complete; then it goes on fetching, and `completed` is
   * a new promise. Files nobody has begun and nobody wants are not on the disk; what was begun stays. Throws a ClientError
   * when the disk refuses, and then what was wanted before is still wanted.
   */
  select(choose: FileChoice): void;
  /** The first pieces first, to play what is here; otherwise the rarest first. */
  setSequential(sequential: boolean): void;
  /** This piece is needed in so many ms, before all others; undefined: not any more. Ignored for pieces nobody wants. */
  setDeadline(pieceIndex: number, inMs: number | undefined): void;
  /** Trackers are asked for peers as soon as they allow: `status()` says when. */
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

/** It came there since this download began, or was there and differed: only a new start compares it. */
function refuseUnseen(fs: FileSystem, { finalPath, replaces }: StoredFile): void {
  if (replaces !== undefined || !fs.exists(finalPath)) return;
  throw new ClientError('exists', `${finalPath} is there already`, {
    ...{ path: finalPath, obstacle: 'not-compared' },
  });
}
