/** What was listed last, by its numbers: `cicada get 3` means the third of a search, of `browse` or of `inbox`. */
import { join } from 'node:path';
import { readPrivate, writePrivate } from '../../account/private-file.ts';

/** A number that people still look at. */
export const resultsMax = 500;

export interface RememberedResult {
  readonly releaseId: string;
  /** A song: its file in that version. Undefined: all of the release. */
  readonly song: { readonly version: number; readonly fileIndex: number } | undefined;
}

export interface RememberedResults {
  /** Whose results they are. */
  readonly tracker: string;
  readonly rows: readonly RememberedResult[];
}

export async function saveResults(stateFolder: string, results: RememberedResults): Promise<void> {
  await writePrivate(fileOf(stateFolder), `${JSON.stringify(results)}\n`, { replace: true });
}

/** Undefined when nothing was searched for yet, or the file is not ours. */
export async function loadResults(stateFolder: string): Promise<RememberedResults | undefined> {
  const text = await readPrivate(fileOf(stateFolder));
  try {
    const { tracker, rows } = JSON.parse(text ?? '') as RememberedResults;
    return typeof tracker === 'string' && rows.every(isResult) ? { tracker, rows } : undefined;
  } catch {
    return undefined;
  }
}

function isResult({ releaseId, song }: RememberedResult): boolean {
  if (!/^[a-z2-7]{26}$/.test(releaseId)) return false;
  return song === undefined || (Number.isInteger(song.version) && Number.isInteger(song.fileIndex));
}

function fileOf(stateFolder: string): string {
  return join(stateFolder, 'results.json');
}
