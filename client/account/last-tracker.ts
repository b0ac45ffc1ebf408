/**
 * Remembers the tracker that was named last, so that the next command need not name it.
 *
 * Left to others: the account at that tracker (tracker-sessions.ts).
 */
import path from 'node:path';
import { readPrivate, writePrivate } from './private-file.ts';
import { trackerBase } from './tracker-address.ts';

/** Undefined when no tracker is remembered, or when the stored text is not a valid address. */
export async function lastTracker(stateFolder: string): Promise<string | undefined> {
  const text = (await readPrivate(fileOf(stateFolder)))?.trim();
  if (text === undefined) return undefined;
  try {
    return trackerBase(text);
  } catch {
    return undefined;
  }
}

export async function rememberTracker(stateFolder: string, tracker: string): Promise<void> {
  await writePrivate(fileOf(stateFolder), `${trackerBase(tracker)}\n`, { replace: true });
}

function fileOf(stateFolder: string): string {
  return path.join(stateFolder, 'tracker.txt');
}
