/**
 * Selects files of a torrent: by the numbers that `cicada info` prints, by their names, or by the selection
 * in a magnet link (BEP 53).
 */
import type { Options } from 'yargs';
import type { FileRange, MagnetLink } from '../../../torrents/magnet.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { fileFilter } from '../../../torrents/paths/file-filter.ts';
import { count } from '../../../torrents/wording.ts';
import type { FileChoice } from '../../host/file-selection.ts';
import { badOption } from '../cli-error.ts';
import { listedFiles, plain } from '../commands/making/torrent-summary.ts';
import { calledAs } from '../screen/command-line.ts';

export const choiceOptions = {
  'select-file': {
    type: 'string',
    requiresArg: true,
    describe: `Only these files, by the numbers of "${calledAs} info": 1-3,7`,
    coerce: parseNumbers,
  },
  include: { type: 'string', array: true, nargs: 1, describe: 'Only files that match: "*.flac"' },
  exclude: { type: 'string', array: true, nargs: 1, describe: 'Skip files that match: "*.log"' },
  sequential: { type: 'boolean', describe: 'Fetch pieces in order, to listen during the download' },
} as const satisfies Record<string, Options>;

export interface ChoiceArgs {
  readonly 'select-file'?: readonly FileRange[] | undefined;
  readonly include?: readonly (string | undefined)[] | undefined;
  readonly exclude?: readonly (string | undefined)[] | undefined;
}

/** Undefined when all files are wanted. Throws CliError when a file does not exist, or none is left. */
export function fileChoice(
  metainfo: Metainfo,
  args: ChoiceArgs,
  link: Pick<MagnetLink, 'selectOnly'> | undefined,
): FileChoice | undefined {
  const { 'select-file': numbers } = args;
  const include = (args.include ?? []).filter((glob) => glob !== undefined);
  const exclude = (args.exclude ?? []).filter((glob) => glob !== undefined);
  const linked = numbers === undefined ? (link?.selectOnly ?? []) : [];
  if (numbers === undefined && linked.length + include.length + exclude.length === 0) return undefined;
  const listed = listedFiles(metainfo);
  const last = numbers?.find((range) => range.last > listed.length)?.last;
  if (last !== undefined) {
    const has = `${plain(metainfo.name)} has ${count(listed.length, 'file')}`;
    throw badOption(`--select-file: there is no file ${last}, ${has} ("${calledAs} info" lists them)`);
  }
  const matches = fileFilter(include, exclude);
  const wanted = new Set(
    listed
      .filter((_, at) => numbers === undefined || isIn(numbers, at + 1))
      .filter((file) => linked.length === 0 || isIn(linked, file.index))
      .filter((file) => matches(file.components))
      .map((file) => file.index),
  );
  if (wanted.size === 0)
    throw badOption(`of the ${count(listed.length, 'file')} of ${plain(metainfo.name)} none is wanted`);
  return wanted.size === listed.length ? undefined : (file) => wanted.has(file.index);
}

function isIn(ranges: readonly FileRange[], number: number): boolean {
  return ranges.some(({ first, last }) => number >= first && number <= last);
}

/** `1-3,7`: numbers from 1. */
function parseNumbers(text: string): FileRange[] {
  const ranges = numberRanges(text);
  if (ranges !== undefined) return ranges;
  throw badOption(`--select-file: "${text}" is not a list of numbers; give it like 1-3,7`);
}

/** `1-3,7`: whole numbers from 1, each range ascending; undefined for anything else. */
export function numberRanges(text: string): FileRange[] | undefined {
  const ranges = text.split(',').map((part) => {
    const [, from, to = from] = /^ *(\d{1,6})(?: *- *(\d{1,6}))? *$/.exec(part) ?? [];
    return { first: Number(from), last: Number(to) };
  });
  return ranges.every(({ first, last }) => first >= 1 && last >= first) ? ranges : undefined;
}
