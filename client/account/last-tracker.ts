/**
 * The tracker that was named last, so that the next command need not name it.
 *
 * Left to others: who one is there (tracker-sessions.ts).
 */
import path from 'node:path';
import { readPrivate, writePrivate } from './private-file.ts';
import { trackerBase } from './tracker-address.ts';

/** Undefined when none was ever named. What is no address counts as none. */
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
