/**
 * Names of a release on a command line: its id, or its number in the list of `search`, `browse` or `inbox`.
 */
import { badOption, CliError } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { calledAs } from '../screen/command-line.ts';
import { paint } from '../screen/output.ts';
import { loadResults, type RememberedResult, resultsMax } from './last-results.ts';

/** 26 characters of base32: no info-hash has this length. */
export function isReleaseId(text: string): boolean {
  return /^[a-z2-7]{26}$/.test(text);
}

/** `3`. */
export function isNumber(text: string): boolean {
  return /^\d{1,3}$/.test(text);
}

/** `3`, `1-3`, `1,4`. */
export function isNumbers(text: string): boolean {
  return /^\d{1,3}(-\d{1,3})?(,\d{1,3}(-\d{1,3})?)*$/.test(text);
}

/** Throws CliError `result-not-found` when a number is not in the list. */
export async function resultsAt(
  numbers: string,
  stateFolder: string,
): Promise<{ readonly tracker: string; readonly results: readonly RememberedResult[] }> {
  const known = await loadResults(stateFolder);
  if (known === undefined) {
    throw new CliError(
      'result-not-found',
      `there is no list to take ${numbers} from: ${calledAs} search WORDS, browse or inbox makes one`,
    );
  }
  const results = numbers.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    if (first < 1 || last < first || last > resultsMax) throw badOption(`"${part}" is no number of a list`);
    if (last > known.rows.length) {
      const message = `there is no number ${last}: the last list has ${known.rows.length}`;
      throw new CliError('result-not-found', message);
    }
    return known.rows.slice(first - 1, last);
  });
  return { tracker: known.tracker, results };
}

/** The id of a release given by id or number, for commands about one release. */
export async function releaseIdOf(text: string, stateFolder: string): Promise<string> {
  if (isReleaseId(text)) return text;
  if (isNumber(text)) return (await resultsAt(text, stateFolder)).results[0]!.releaseId;
  throw badOption(`"${text}" is no release; give its id, or its number in the last list`);
}

export const releasePositional = {
  type: 'string',
  demandOption: true,
  describe: 'Release id, or its number in the last list',
} as const;

/** `Evening Call by Brood`. */
export function releaseTitle({
  album,
  albumArtist,
  artist,
}: {
  readonly album: string;
  readonly albumArtist?: string;
  readonly artist?: string;
}): string {
  const by = albumArtist ?? artist;
  return `${paint('bold', plain(album))}${by === undefined ? '' : ` by ${plain(by)}`}`;
}
