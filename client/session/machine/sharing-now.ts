/**
 * What every process of this user is seeding now: one small file per process, removed when the process ends.
 * A file left behind by a killed process is ignored and removed.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { makeFolders } from '../../../torrents/make-folders.ts';

export interface SharedNow {
  readonly infoHash: string;
  readonly path: string;
}

export interface SharedBy extends SharedNow {
  readonly processId: number;
}

const folderOf = (stateFolder: string) => join(stateFolder, 'sharing');

/** Empty: this process seeds nothing any more. The note only serves `status`, so disk errors are ignored. */
export function noteSharing(stateFolder: string, shared: readonly SharedNow[]): void {
  const file = join(folderOf(stateFolder), `${process.pid}.json`);
  try {
    if (shared.length === 0) return rmSync(file, { force: true });
    makeFolders(folderOf(stateFolder), 0o700);
    writeFileSync(file, JSON.stringify(shared), { mode: 0o600 });
  } catch {}
}

export function sharedNow(stateFolder: string, isRunning: (processId: number) => boolean): SharedBy[] {
  const folder = folderOf(stateFolder);
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {}
  return names.flatMap((name) => {
    const processId = Number(/^(\d+)\.json$/.exec(name)?.[1] ?? 0);
    if (!isRunning(processId)) {
      rmSync(join(folder, name), { force: true });
      return [];
    }
    return readNote(join(folder, name)).map((shared) => ({ ...shared, processId }));
  });
}

function readNote(file: string): SharedNow[] {
  try {
    const noted: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(noted)
      ? noted.filter(isShared).map(({ infoHash, path }) => ({ infoHash, path }))
      : [];
  } catch {
    return [];
  }
}

function isShared(value: unknown): value is SharedNow {
  if (typeof value !== 'object' || value === null) return false;
  const { infoHash, path } = value as Record<string, unknown>;
  return typeof infoHash === 'string' && typeof path === 'string';
}
