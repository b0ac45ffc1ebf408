/**
 * Files that are chosen by patterns or numbers instead of a function: such a choice can be made of a magnet link, before its
 * files are known, and the list can keep it.
 */
import type { FileRange, MagnetLink } from '../../../torrents/magnet.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { fileFilter } from '../../../torrents/paths/file-filter.ts';
import { type FileChoice, filePriority } from '../../host/file-selection.ts';
import { SessionError } from '../session-error.ts';

/** All that is given must hold for a file. */
export interface FilePatterns {
  /** Globs: `*.flac`, `CD1/*`. One of them must match; one without a slash is about the file's own name. */
  readonly include?: readonly string[] | undefined;
  /** Globs: none of them may match. */
  readonly exclude?: readonly string[] | undefined;
  /** The numbers of files, from 0, as magnet links count them: both ends are included.  BEP 53 */
  readonly numbers?: readonly FileRange[] | undefined;
}

/** A function cannot be kept until the files of a link are known: after a restart the choice is asked for again. */
export type Choice = FileChoice | FilePatterns;

export function fileChoiceOf(choice: Choice): FileChoice {
  if (typeof choice === 'function') return choice;
  const { include = [], exclude = [], numbers } = choice;
  const matches = fileFilter(include, exclude);
  const isNumbered = ({ index }: TorrentFile) =>
    numbers === undefined || numbers.some(({ first, last }) => index >= first && index <= last);
  return (file) => isNumbered(file) && matches(file.components);
}

/** Throws a SessionError `nothing-chosen` when patterns match no file: they were meant for other names. */
export function choiceFor({ name, files }: Metainfo, choice: Choice): FileChoice {
  const wanted = fileChoiceOf(choice);
  if (typeof choice === 'function' || files.some((file) => filePriority(wanted, file) > 0)) return wanted;
  throw new SessionError('nothing-chosen', `no file of ${name} was chosen`);
}

/** What a magnet link asks for.  BEP 53 */
export function choiceOfLink({ selectOnly }: MagnetLink): FilePatterns | undefined {
  return selectOnly.length === 0 ? undefined : { numbers: selectOnly };
}
