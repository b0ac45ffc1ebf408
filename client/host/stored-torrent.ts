/** A torrent as the disk port knows it. */
import type { PieceIndex } from '../../torrents/geometry.ts';
import type { TorrentId } from '../engine/contract.ts';
import type { ResumeJournal } from './resume/resume-journal.ts';
import type { CheckedTorrent } from './storage/piece-check.ts';
import type { TorrentFiles } from './storage/torrent-files.ts';

export interface StoredTorrent extends CheckedTorrent {
  readonly torrent: TorrentId;
  readonly files: TorrentFiles;
  /** Records every stored and lost piece, so that the next start need not hash it. */
  readonly journal?: ResumeJournal;
}

/** The pieces that lie in a file, wholly or in part. */
export function piecesOf({ geometry, files }: StoredTorrent, fileIndex: number): PieceIndex[] {
  const { offset, bytes } = files.layout.files[fileIndex]!;
  if (bytes === 0) return [];
  const first = Math.floor(offset / geometry.pieceLength);
  const last = Math.floor((offset + bytes - 1) / geometry.pieceLength);
  return Array.from({ length: last - first + 1 }, (_, i) => geometry.pieceIndex(first + i)!);
}
