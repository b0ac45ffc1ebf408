/**
 * A choice of files by patterns or numbers instead of a function. It can be made for a magnet link before its
 * files are known, and the list can store it.
 */
import type { FileRange, MagnetLink } from '../../../torrents/magnet.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { fileFilter } from '../../../torrents/paths/file-filter.ts';
import { type FileChoice, filePriority } from '../../host/file-selection.ts';
import { SessionError } from '../session-error.ts';

/** A file must meet all given conditions. */
export interface FilePatterns {
  /**
   * Globs such as `*.flac` and `CD1/*`. One of them must match. One without a slash is matched against the
   * file's own name.
   */
  readonly include?: readonly string[] | undefined;
  /** Globs, none of which may match. */
  readonly exclude?: readonly string[] | undefined;
  /**
   * File indices from 0, as in magnet links. Ranges include both ends.                                 BEP 53
   */
  readonly numbers?: readonly FileRange[] | undefined;
}

/**
 * A function cannot be stored until the files of a magnet link are known. After a restart, the user has to
 * choose again.
 */
export type Choice = FileChoice | FilePatterns;

export function fileChoiceOf(choice: Choice): FileChoice {
  if (typeof choice === 'function') return choice;
  const { include = [], exclude = [], numbers } = choice;
  const matches = fileFilter(include, exclude);
  const isNumbered = ({ index }: TorrentFile) =>
    numbers === undefined || numbers.some(({ first, last }) => index >= first && index <= last);
  return (file) => isNumbered(file) && matches(file.components);
}

/**
 * Throws a SessionError `nothing-chosen` when patterns match no file, because they were meant for other
 * names.
 */
export function choiceFor({ name, files }: Metainfo, choice: Choice): FileChoice {
  const wanted = fileChoiceOf(choice);
  if (typeof choice === 'function' || files.some((file) => filePriority(wanted, file) > 0)) return wanted;
  throw new SessionError('nothing-chosen', `no file of ${name} was chosen`);
}

/**
 * The files that a magnet link asks for.                                                               BEP 53
 */
export function choiceOfLink({ selectOnly }: MagnetLink): FilePatterns | undefined {
  return selectOnly.length === 0 ? undefined : { numbers: selectOnly };
}
