/**
 * The torrents that this machine knows from earlier runs, read from their resume records. Files that are not
 * such records are skipped. Left to others: writing the records (client/host/resume/resume-store.ts).
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
  /** The path of its folder or file, which may not exist any more. */
  readonly path: string;
  /** `chosen`: all wanted files are complete, and they are not the whole torrent. */
  readonly state: 'complete' | 'chosen' | 'unfinished' | 'gone';
  readonly piecesVerified: number;
  /** Undefined: a record of an earlier version does not contain it. */
  readonly bytes: number | undefined;
  readonly wantedBytes: number | undefined;
  readonly haveWantedBytes: number | undefined;
  /** The process that fetches or seeds it now. */
  readonly processId: number | undefined;
  /** That process seeds it. */
  readonly sharingNow: boolean;
  readonly lastUsed: Date;
}

/** The most records that are read. People do not read longer lists. */
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

/** What is being seeded now, and for every other path only the newest version. */
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
  // A download without a stored piece has left nothing to show.
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
  // The bitfield alone does not tell how many pieces the last byte stands for.
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

/**
 * Earlier versions stored no amounts. For a complete torrent they are computed from the sizes of its files.
 */
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

/** One bit per piece, spare bits at the end are 0. It is full when no 0 comes before a 1. */
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
