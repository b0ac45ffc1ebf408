/**
 * What this machine knows of torrents from earlier runs: the records of what was verified, read as they lie there. A file
 * that is no such record is passed over. Left to others: writing them (client/host/resume-store.ts).
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ClaimHolder } from '../host/claims/claim-files.ts';
import { machineClaims } from '../host/claims/claim-register.ts';
import { sharedNow } from './sharing-now.ts';

export interface KnownTorrent {
  readonly name: string;
  readonly infoHash: string;
  /** Where its folder or file lies, or lay. */
  readonly path: string;
  readonly state: 'complete' | 'unfinished' | 'gone';
  readonly piecesVerified: number;
  /** The program that works on it now. */
  readonly processId: number | undefined;
  /** That program gives it on. */
  readonly sharingNow: boolean;
  readonly lastUsed: Date;
}

/** More than this nobody reads. */
const recordsMax = 1_000;

/** The last used first. `running`: downloads under way on this machine. */
export async function knownTorrents(
  stateFolder: string,
  running: readonly ClaimHolder[] = machineClaims.running(),
): Promise<KnownTorrent[]> {
  const folder = join(stateFolder, 'resume');
  const names = await readdir(folder).catch(() => []);
  const records = names.filter((name) => name.endsWith('.json')).slice(0, recordsMax);
  const known = await Promise.all(
    records.map((name) => readRecord(join(folder, name), running).catch(() => undefined)),
  );
  return known
    .filter((torrent) => torrent !== undefined)
    .sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
}

/** What is given on at this moment, and of every other place the newest version alone. */
export async function shownTorrents(stateFolder: string): Promise<KnownTorrent[]> {
  const shared = sharedNow(stateFolder, isRunning).map(
    ({ infoHash, path, processId }): KnownTorrent => ({
      ...{ name: basename(path), infoHash, path, processId, sharingNow: true, piecesVerified: 0 },
      state: existsSync(path) ? 'complete' : 'gone',
      lastUsed: new Date(),
    }),
  );
  // A download that never got a piece has left nothing.
  const known = (await knownTorrents(stateFolder)).filter(
    ({ piecesVerified, processId }) => piecesVerified > 0 || processId !== undefined,
  );
  const places = new Set<string>();
  return [...shared, ...known].filter(({ path }) => !places.has(path) && places.add(path));
}

async function readRecord(file: string, running: readonly ClaimHolder[]): Promise<KnownTorrent | undefined> {
  const { path, infoHash, have } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  if (typeof path !== 'string' || typeof infoHash !== 'string' || typeof have !== 'string') return undefined;
  const bits = Buffer.from(have, 'base64');
  return {
    ...{ name: basename(path), infoHash, path },
    state: existsSync(path) ? (isFull(bits) ? 'complete' : 'unfinished') : 'gone',
    piecesVerified: bits.reduce((sum, byte) => sum + bitsSet(byte), 0),
    processId: running.find((each) => each.infoHash === infoHash && each.path === path)?.processId,
    sharingNow: false,
    lastUsed: (await stat(file)).mtime,
  };
}

/** One bit a piece, the spare ones at the end are 0: all are set when no 0 comes before a 1. */
function isFull(bits: Uint8Array): boolean {
  const last = bits.at(-1) ?? 0xff;
  const isFilledFromTheLeft = last !== 0 && (~last & 0xff & ((~last & 0xff) + 1)) === 0;
  return isFilledFromTheLeft && bits.subarray(0, -1).every((byte) => byte === 0xff);
}

function bitsSet(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

function isRunning(processId: number): boolean {
  if (processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
