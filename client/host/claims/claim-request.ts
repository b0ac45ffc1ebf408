/** Turns a download into its request for the paths of its files. */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { hex } from '../../../torrents/byte-text.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { UpgradeFrom } from '../upgrade.ts';
import type { ClaimRequest } from './claim-conflicts.ts';
import { claimsOf, realPath } from './claim-keys.ts';

export interface ClaimedDownload {
  readonly metainfo: Metainfo;
  readonly folder: string;
  readonly upgradeFrom?: UpgradeFrom | undefined;
}

export function requestOf(
  { metainfo, folder, upgradeFrom }: ClaimedDownload,
  isClaimed: (file: TorrentFile) => boolean,
  onUnguarded: ((error: unknown) => void) | undefined,
): ClaimRequest {
  const isReplaced = replacedBy(folder, upgradeFrom);
  const claims = claimsOf({
    metainfo,
    folder,
    kindOf: (file) => (isClaimed(file) ? (isReplaced(file) ? 'replace' : 'file') : undefined),
  });
  const rootPath = path.resolve(folder, metainfo.layout.rootName);
  const about = {
    name: metainfo.name,
    infoHash: hex(metainfo.infoHash),
    path: rootPath,
  };
  const othersMayWrite = [rootPath, folder].some(othersMayWriteIn);
  return { claims, about, othersMayWrite, onUnguarded };
}

/** The files of an upgrade that take the place of a different file of the earlier version. */
function replacedBy(folder: string, from: UpgradeFrom | undefined): (file: TorrentFile) => boolean {
  if (from === undefined) return () => false;
  const pathOf = (file: TorrentFile) => path.resolve(folder, ...file.diskPath);
  const earlier = new Map(from.metainfo.files.map((file) => [file.isPad ? '' : pathOf(file), file]));
  return (file) => {
    const before = file.isPad ? undefined : earlier.get(pathOf(file));
    if (before === undefined) return false;
    const [a, b] = [before.piecesRoot ?? new Uint8Array(), file.piecesRoot ?? new Uint8Array()];
    return before.bytes !== file.bytes || Buffer.compare(a, b) !== 0;
  };
}

/** The file has a part file, of an earlier run or of another torrent. */
export function isBegun({ layout }: Metainfo, folder: string, { index, isPad }: TorrentFile): boolean {
  return !isPad && fs.existsSync(path.join(folder, ...layout.partPath(index)));
}

/** Whether users other than root may write to the folder. */
function othersMayWriteIn(folder: string): boolean {
  const userId = process.getuid?.();
  if (userId === undefined) return true;
  for (let at = realPath(path.resolve(folder)); ; at = path.dirname(at)) {
    const stat = fs.statSync(at, { throwIfNoEntry: false });
    if (stat !== undefined) return stat.uid !== userId || (stat.mode & 0o022) !== 0;
    if (path.dirname(at) === at) return true;
  }
}
