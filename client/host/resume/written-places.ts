/** What writing one piece changes in the files it lies in. */
import type { DiskTrouble } from '../../engine/contract.ts';
import { type FileStamp, laterStamp, sameFile } from '../disk/file-stamp.ts';
import type { DiskFile } from '../disk/part-file.ts';
import type { Place, StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

/** For each file, how many of its fsyncs have failed. */
export function failuresOf({ unforced }: TorrentFiles, places: readonly Place[]): number[] {
  return places.filter(({ file }) => file !== undefined).map(({ at }) => unforced.failures(at));
}

export function syncFailed({ partPath }: DiskFile): DiskTrouble {
  return { code: 'EIO', message: `${partPath} could not be forced to the disk` };
}

/** With the bytes of these places, nothing of the file is missing. */
export function isWholeWith(stored: StoredFile, places: readonly Place[]): boolean {
  const bytes = places.reduce((sum, place) => (place.file === stored ? sum + place.bytes : sum), 0);
  return stored.missingBytes === bytes && !places.some((place) => place.file === stored && place.isAside);
}

/** Updates the stamps of these files after our own writes. */
export function noteWritten(places: readonly Place[], stamps: readonly (FileStamp | undefined)[] = []): void {
  for (const [i, stamp] of stamps.entries()) {
    const { at } = places[i]!;
    if (stamp !== undefined && sameFile(at.seen, stamp)) at.seen = laterStamp(at.seen, stamp);
  }
}
