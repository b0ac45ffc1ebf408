/** Which paths commands may share: applies the rules of client/sharing to the user's arguments. */
import path from 'node:path';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { count } from '../../../torrents/wording.ts';
import { ShareError } from '../../account/share-error.ts';
import { checkSeed, type SecretFile } from '../../sharing/seed-rules.ts';
import { checkShare } from '../../sharing/share-rules.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { configFile, stateFolder } from '../options/user-folders.ts';
import type { Output } from '../screen/output.ts';

interface SecretsArgs {
  readonly 'include-secrets'?: boolean | undefined;
}

/** This program's own folders are never shared. */
export const ownFolders = () => ({ privateFolders: [stateFolder(), path.dirname(configFile())] });

/**
 * The real paths. Call before anything is hashed, with all paths. Throws a ShareError for the first that may
 * not be shared.
 */
export function sharedPlaces(paths: readonly string[], args: SecretsArgs): string[] {
  const includeSecrets = args['include-secrets'] === true;
  return paths.map((each) => checkShare(each, ownFolders(), { includeSecrets }));
}

/**
 * Why the path could not be shared, for a command that only makes a torrent of it. Throws a ShareError for a
 * file that is a secret.
 */
export function shareFault(at: string, args: SecretsArgs): ShareError | undefined {
  try {
    sharedPlaces([at], args);
    return undefined;
  } catch (error) {
    if (!(error instanceof ShareError) || error.code === 'share-secret') throw error;
    // The code that reads a missing path has a better message.
    return error.code === 'share-missing' || error.code === 'share-not-a-folder' ? undefined : error;
  }
}

/**
 * Throws a ShareError when the torrent's files lie in a folder that may not be shared, or some look like
 * secrets.
 */
export async function checkSeeded(
  metainfo: Metainfo,
  at: string,
  args: SecretsArgs,
  output: Output,
): Promise<void> {
  refuseSecrets(metainfo, await checkSeed(metainfo, at, ownFolders()), args, output);
}

/** At most 8 are printed; the rest are in the JSON. */
const secretsShownMax = 8;

/** A torrent is seeded whole: its secrets cannot be left out. */
export function refuseSecrets(
  { name }: Metainfo,
  secrets: readonly SecretFile[],
  args: SecretsArgs,
  output: Output,
): void {
  if (secrets.length === 0) return;
  const named = secrets
    .slice(0, secretsShownMax)
    .map((file) => `${plain(file.path)} (it looks like ${file.looksLike})`);
  const more = secrets.length - named.length;
  const list = [...named, ...(more > 0 ? [count(more, 'more file')] : [])].join(', ');
  const isIncluded = args['include-secrets'] === true;
  const files = secrets.map((file) => ({ ...file, reason: 'secret' }));
  output.document({ event: isIncluded ? 'included' : 'refused', files });
  if (isIncluded) return output.remark(`Shared as you say: ${list}`);
  const message = `${plain(name)} is not shared, it holds ${list}`;
  throw new ShareError('share-secret', message, { path: name, isInTorrent: true });
}
