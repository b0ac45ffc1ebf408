/**
 * Forgets a torrent: deletes its records but not its files, which are hashed when it is added again. A
 * running program would write the record again, so a torrent in use is not forgotten.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { machineClaims } from '../../../host/claims/claim-register.ts';
import { type KnownTorrent, readRecord } from '../../../session/machine/known-torrents.ts';
import { badOption, CliError } from '../../cli-error.ts';
import { numberRanges } from '../../options/file-choice.ts';
import { calledAs } from '../../screen/command-line.ts';
import { plain } from '../making/torrent-summary.ts';

/**
 * `2`, `1-3,5`: numbers of the list that `status` shows; `gone`: all torrents without files; or a path or an
 * info-hash.
 */
export function chosenEntries(text: string, listed: readonly KnownTorrent[]): KnownTorrent[] {
  if (text === 'gone') return listed.filter(({ state }) => state === 'gone');
  const named = listed.filter(({ path, infoHash }) => path === text || infoHash === text.toLowerCase());
  if (named.length > 0) return named;
  const ranges = numberRanges(text);
  if (ranges === undefined) {
    throw badOption(
      `--forget: "${text}" is no entry; give its number in "${calledAs} status", its path or info-hash, or: gone`,
    );
  }
  return ranges.flatMap(({ first, last }) => {
    if (last > listed.length)
      throw new CliError('not-found', `there is no entry ${last}: ${calledAs} status has ${listed.length}`);
    return listed.slice(first - 1, last);
  });
}

/** Returns how many records were deleted, of all record versions. Throws CliError `claimed`. */
export async function forgetTorrent(stateFolder: string, { path, processId }: KnownTorrent): Promise<number> {
  if (processId !== undefined) throw isAtWork(path, processId);
  const folder = join(stateFolder, 'resume');
  const running = machineClaims.running();
  let forgotten = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    const known =
      name.endsWith('.json') && (await readRecord(join(folder, name), running).catch(() => undefined));
    if (!known || known.path !== path) continue;
    if (known.processId !== undefined) throw isAtWork(path, known.processId);
    await rm(join(folder, name), { force: true });
    forgotten += 1;
  }
  return forgotten;
}

function isAtWork(path: string, processId: number): CliError {
  return new CliError(
    'claimed',
    `process ${processId} works on ${plain(path)}: end it first, and forget it then`,
  );
}
