/**
 * What this machine knows of torrents from earlier runs: the records of what was verified, read as they lie there. A file
 * that is no such record is passed over. Left to others: writing them (client/host/resume/resume-store.ts).
 */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ClaimHolder } from '../../host/claims/claim-files.ts';
import { machineClaims } from '../../host/claims/claim-register.ts';
import { sharedNow } from './sharing-now.ts';

export interface KnownTorrent {
  readonly name: string;
  readonly infoHash: string;
  /** Where its folder or file lies, or lay. */
  readonly path: string;
  /** `chosen`: what was wanted of it is complete, and that is not all of it. */
  readonly state: 'complete' | 'chosen' | 'unfinished' | 'gone';
  readonly piecesVerified: number;
  /** Undefined where a record of an earlier version does not tell. */
  readonly bytes: number | undefined;
  readonly wantedBytes: number | undefined;
  readonly haveWantedBytes: number | undefined;
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
  const all = await knownTorrents(stateFolder);
  const shared = sharedNow(stateFolder, isRunning).map(({ infoHash, path, processId }): KnownTorrent => {
    const record = all.find((each) => each.infoHash === infoHash && each.path === path);
    return {
      ...(record ?? { piecesVerified: 0, ...noAmounts }),
      ...{ name: basename(path), infoHash, path, processId, sharingNow: true, lastUsed: new Date() },
      state: existsSync(path) ? 'complete' : 'gone',
    };
  });
  // A download that never got a piece has left nothing.
  const known = all.filter(({ piecesVerified, processId }) => piecesVerified > 0 || processId !== undefined);
  const places = new Set<string>();
  return [...shared, ...known].filter(({ path }) => !places.has(path) && places.add(path));
}

export async function readRecord(
  file: string,
  running: readonly ClaimHolder[],
): Promise<KnownTorrent | undefined> {
  const { path, infoHash, have, ...more } = JSON.parse(await readFile(file, 'utf8')) as Record<
    string,
    unknown
  >;
  if (typeof path !== 'string' || typeof infoHash !== 'string' || typeof have !== 'string') return undefined;
  const bits = Buffer.from(have, 'base64');
  const amounts = amountsIn(more, isFull(bits));
  const { bytes, wantedBytes = 0, haveWantedBytes } = amounts;
  // The bits alone do not tell how many pieces there are in the last eight.
  const isWhole = bytes === undefined ? isFull(bits) : haveWantedBytes === bytes;
  const isChosen = wantedBytes > 0 && haveWantedBytes === wantedBytes;
  return {
    ...amounts,
    ...{ name: basename(path), infoHash, path },
    state: !existsSync(path) ? 'gone' : isWhole ? 'complete' : isChosen ? 'chosen' : 'unfinished',
    piecesVerified: bits.reduce((sum, byte) => sum + bitsSet(byte), 0),
    processId: running.find((each) => each.infoHash === infoHash && each.path === path)?.processId,
    sharingNow: false,
    lastUsed: (await stat(file)).mtime,
  };
}

const noAmounts = { bytes: undefined, wantedBytes: undefined, haveWantedBytes: undefined };

/** Earlier versions wrote no amounts: of what is complete, the files tell. */
function amountsIn(
  { amounts, stamps }: Record<string, unknown>,
  isWhole: boolean,
): Pick<KnownTorrent, 'bytes' | 'wantedBytes' | 'haveWantedBytes'> {
  const { bytes, wantedBytes, haveWantedBytes } = (amounts ?? {}) as Record<string, unknown>;
  if (isAmount(bytes) && isAmount(wantedBytes) && isAmount(haveWantedBytes))
    return { bytes, wantedBytes, haveWantedBytes };
  if (!isWhole || !Array.isArray(stamps)) return noAmounts;
  const sizes = stamps.map((stamp) => (Array.isArray(stamp) ? stamp[0] : 0));
  const sum =
    sizes.length > 0 && sizes.every(isAmount) ? sizes.reduce((all, size) => all + size, 0) : undefined;
  return { bytes: sum, wantedBytes: sum, haveWantedBytes: sum };
}

function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
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
