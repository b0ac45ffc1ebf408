/**
 * Remembers the last listed results by number: `cicada get 3` means the third row of the last `search`,
 * `browse` or `inbox`.
 */
import { join } from 'node:path';
import { readPrivate, writePrivate } from '../../account/private-file.ts';

/** People do not look at longer lists. */
export const resultsMax = 500;

export interface RememberedResult {
  readonly releaseId: string;
  /** A song: the index of its file in that version. Undefined: the whole release. */
  readonly song: { readonly version: number; readonly fileIndex: number } | undefined;
}

export interface RememberedResults {
  /** The tracker that gave the results. */
  readonly tracker: string;
  readonly rows: readonly RememberedResult[];
}

export async function saveResults(stateFolder: string, results: RememberedResults): Promise<void> {
  await writePrivate(fileOf(stateFolder), `${JSON.stringify(results)}\n`, { replace: true });
}

/** Undefined when no results are remembered, or the file is damaged. Throws a ShareError `private-file-…`. */
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
