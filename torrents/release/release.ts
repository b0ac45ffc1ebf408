/**
 * Describes the music in a torrent by its tags, or by the names of files and folders if tags are missing.
 *
 * Invariant: always answers, within a limited time, for any file contents: missing or bad tags never stop a
 * publisher. Data from a file is used only after the checks in tags/. Left to others: whether the files match
 * the torrent (verify.ts), who may see the release (the catalogue).
 */
import type { Metainfo } from '../metainfo/metainfo.ts';
import { comparePaths } from '../paths/natural-order.ts';
import { lastName } from '../paths/path-rules.ts';
import { formatByName, isAudio } from '../tags/audio/audio-formats.ts';
import type { CoverImage } from '../tags/covers/cover-image.ts';
import { type ReleaseFields, releaseFields, type TaggedFile } from '../tags/release-fields.ts';
import { type CoverFault, openTagReader, type TagFault, type TagLimits } from '../tags/tag-reader.ts';
import { withMendedTexts } from '../tags/texts/mended-tags.ts';
import type { TrackTags } from '../tags/track-tags.ts';
import { type FilePaths, locateFiles } from '../verify.ts';
import { openCoverSearch } from './release-cover.ts';
import { openCueSearch } from './release-cues.ts';

export type { ReleaseTrack } from '../tags/release-fields.ts';
export type { CoverImage, ReleaseFields, TagFault };

/** Its tracks are in natural order: disc by disc, track by track, as far as their names tell. */
export interface Release extends ReleaseFields {
  readonly cover: CoverImage | undefined;
  /**
   * Files described by their names alone, files whose content is not what their extension says, and pictures
   * that were left out.
   */
  readonly faults: readonly ReleaseFault[];
}

export interface ReleaseFault {
  /** The path in the torrent. */
  readonly path: string;
  /**
   * `not-reached`: the file was not read. `misnamed`: the file was read, and its content is not what its
   * extension says.
   */
  readonly fault: TagFault | CoverFault | 'not-reached' | 'misnamed';
  /** The real codec of a misnamed file. */
  readonly codec?: string;
}

export interface ReleaseControl extends TagLimits {
  readonly signal?: AbortSignal | undefined;
  /** After this time, the remaining files are described by their names. */
  readonly folderTimeoutMs?: number | undefined;
}

/**
 * Enough for 5,000 files at the usual speed. A folder made to hang every reader takes no longer than this.
 */
const folderTimeoutMsDefault = 60_000;

/**
 * `where`: the shared folder or file, or its parent folder; or the path of each file. Throws the signal's
 * reason, or a VerifyError if `where` does not exist.
 */
export async function readRelease(
  metainfo: Metainfo,
  where: string | FilePaths,
  control: ReleaseControl = {},
): Promise<Release> {
  const { signal, folderTimeoutMs = folderTimeoutMsDefault } = control;
  const pathOf = typeof where === 'string' ? locateFiles(metainfo, where) : where;
  const real = metainfo.files.filter((file) => !file.isPad && file.bytes > 0);
  const audio = real
    .filter((file) => isAudio(lastName(file.components)))
    .toSorted((a, b) => comparePaths(a.components, b.components));
  const faults: ReleaseFault[] = [];
  const tagged: TaggedFile[] = [];
  const reader = openTagReader(control);
  const covers = openCoverSearch(reader);
  const cues = openCueSearch(metainfo.name, real, pathOf);
  const onAbort = () => reader.stop();
  signal?.addEventListener('abort', onAbort);
  try {
    const endMs = performance.now() + folderTimeoutMs;
    signal?.throwIfAborted();
    await covers.findBeside(real, pathOf);
    for (const file of audio) {
      signal?.throwIfAborted();
      const path = pathOf(file);
      const isTime = performance.now() < endMs;
      const answer: TrackTags | TagFault | 'not-reached' =
        path === undefined || !isTime ? 'not-reached' : await reader.read(path, covers.cover === undefined);
      const { index: fileIndex, components, bytes, piecesRoot } = file;
      const fault = faultOf(components, answer);
      if (fault !== undefined) faults.push(fault);
      const tags = typeof answer === 'string' ? undefined : answer;
      if (tags !== undefined && path !== undefined) await covers.findIn(tags, file, path);
      // Without the file, as with a torrent alone, the extension is the only source.
      const isUnreadable = tags === undefined && path !== undefined;
      const cue = cues.cueOf(file, audio, tags);
      tagged.push({ fileIndex, components, bytes, piecesRoot, tags, isUnreadable, cue });
    }
    signal?.throwIfAborted();
  } finally {
    signal?.removeEventListener('abort', onAbort);
    reader.stop();
  }
  const mended = withMendedTexts(metainfo.name, tagged);
  const { cover } = covers;
  faults.push(...covers.faults);
  return { ...releaseFields(metainfo.name, metainfo.layout.isSingleFile, mended), cover, faults };
}

function faultOf(
  components: readonly string[],
  answer: TrackTags | TagFault | 'not-reached',
): ReleaseFault | undefined {
  const path = components.join('/');
  if (typeof answer === 'string') return { path, fault: answer };
  const { codec } = answer;
  const promised = formatByName(lastName(components)).codec;
  if (codec === undefined || promised === undefined || codec === promised) return undefined;
  return { path, fault: 'misnamed', codec };
}
