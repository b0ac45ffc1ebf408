/**
 * Picks the cover of a release: first a picture file beside the music, then a picture in the tags. A picture
 * that is too large is scaled down. A picture that cannot be used is reported as a fault.
 *
 * Invariant: every cover has passed coverImage. At most scalingsMax pictures are decoded for one release.
 */
import type { TorrentFile } from '../metainfo/file-layout.ts';
import { lastName } from '../paths/path-rules.ts';
import { smallFile } from '../small-file.ts';
import { type CoverImage, coverBytesMax, coverImage } from '../tags/covers/cover-image.ts';
import type { CoverFault, TagReader } from '../tags/tag-reader.ts';
import type { TrackTags } from '../tags/track-tags.ts';
import type { FilePaths } from '../verify.ts';

export interface CoverSearch {
  readonly cover: CoverImage | undefined;
  /** Pictures that were left out. Empty if another picture was found. */
  readonly faults: readonly { readonly path: string; readonly fault: CoverFault }[];
  /** Looks for a picture file beside the music. */
  findBeside(files: readonly TorrentFile[], pathOf: FilePaths): Promise<void>;
  /** Looks in the tags of a file. */
  findIn(tags: TrackTags, file: TorrentFile, path: string): Promise<void>;
}

const coverNames = /^(cover|folder|front|albumart|album)\.(jpe?g|png|webp)$/i;
/**
 * Allows `Scans/` or one folder per disc. A picture in a deeper folder is not the cover of the whole album.
 */
const coverDepthMax = 2;
/** Scaling one picture can take seconds, and every song of an album has the same picture. */
const scalingsMax = 2;

export function openCoverSearch(reader: TagReader): CoverSearch {
  let cover: CoverImage | undefined;
  let scalings = 0;
  const faults: CoverSearch['faults'][number][] = [];

  const scale = async (path: string, from: 'file' | 'tag', file: TorrentFile): Promise<void> => {
    if (cover !== undefined || scalings >= scalingsMax) return;
    scalings += 1;
    const scaled = await reader.scaleCover(path, from);
    if (typeof scaled === 'string') faults.push({ path: file.components.join('/'), fault: scaled });
    else cover = scaled;
  };
  return {
    get cover() {
      return cover;
    },
    get faults() {
      return cover === undefined ? faults : [];
    },
    async findBeside(files, pathOf) {
      const candidates = files
        .filter(({ components }) => components.length <= coverDepthMax)
        .filter(({ components }) => coverNames.test(lastName(components)))
        .toSorted((a, b) => a.components.length - b.components.length);
      for (const file of candidates) {
        const path = pathOf(file);
        if (cover !== undefined || path === undefined) continue;
        if (file.bytes > coverBytesMax) {
          await scale(path, 'file', file);
          continue;
        }
        const bytes = smallFile(path, coverBytesMax);
        cover = bytes && coverImage(bytes);
        if (bytes !== undefined && cover === undefined)
          faults.push({ path: file.components.join('/'), fault: 'cover-unreadable' });
      }
    },
    async findIn(tags, file, path) {
      cover ??= tags.covers[0];
      if (tags.hasLargeCover) await scale(path, 'tag', file);
    },
  };
}
