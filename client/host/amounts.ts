/** How much of a torrent is downloaded, as its resume record tells it for display. */
import type { Amounts } from './resume/resume-store.ts';
import type { TorrentFiles } from './storage/torrent-files.ts';

/** Pad files do not count: they are not on the disk. */
export function amountsOf({ files }: Pick<TorrentFiles, 'files'>): Amounts {
  let [bytes, wantedBytes, haveWantedBytes] = [0, 0, 0];
  for (const stored of files) {
    if (stored === undefined) continue;
    bytes += stored.file.bytes;
    if (!stored.isWanted) continue;
    wantedBytes += stored.file.bytes;
    haveWantedBytes += stored.file.bytes - stored.missingBytes;
  }
  return { bytes, wantedBytes, haveWantedBytes };
}
