/**
 * Which torrents may be seeded: applies the rules of shares (share-rules.ts) to a torrent that exists
 * already. The rules apply to the real paths of its files, not to the typed path, which may be the folder
 * around them.
 *
 * Seeding needs every byte, so secret files cannot be left out here. They are returned, and the caller
 * decides.
 */
import { lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import type { TorrentFile } from '../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { type FilePaths, locateFiles } from '../../torrents/verify.ts';
import { ShareError } from '../account/share-error.ts';
import { secretName, secretOf } from './secret-files.ts';
import { checkShare, realPlaceFault, type ShareMachine } from './share-rules.ts';

export interface SecretFile {
  /** The file's path in the torrent, joined with slashes. */
  readonly path: string;
  readonly looksLike: string;
}

/** Files to check before yielding to the event loop. */
const filesPerTurn = 2000;

/**
 * Returns the files of the torrent that look like keys or passwords. `at`: the shared folder or file, or the
 * folder that holds it. Throws a ShareError when a file is in a forbidden place, and a VerifyError when
 * nothing exists at `at`.
 */
export async function checkSeed(
  metainfo: Metainfo,
  at: string,
  machine: Partial<ShareMachine> = {},
): Promise<readonly SecretFile[]> {
  const pathOf = locateFiles(metainfo, at);
  const files = metainfo.files.filter((file) => !file.isPad);
  const root = rootOf(files, pathOf);
  const isThere = root !== undefined && realOrUndefined(root) !== undefined;
  const rootReal = isThere ? checkShare(root, machine, { includeSecrets: true }) : undefined;
  const realFolders = new Map<string, string | undefined>();
  const secrets: SecretFile[] = [];
  for (const [index, file] of files.entries()) {
    if (index % filesPerTurn === filesPerTurn - 1) await new Promise(setImmediate);
    const lies = pathOf(file)!;
    const real = realFile(lies, realFolders);
    if (real !== undefined && rootReal !== undefined && !isWithin(real, rootReal))
      checkOutside(lies, real, machine);
    const looksLike =
      secretName(file.components.at(-1)!) ?? (real === undefined ? undefined : secretOf(real, file.bytes));
    if (looksLike !== undefined) secrets.push({ path: file.components.join('/'), looksLike });
  }
  return secrets;
}

/** The same, by file names alone, for a torrent whose files are not on this disk. */
export function secretNames({ files }: Metainfo): readonly SecretFile[] {
  return files.flatMap(({ isPad, components }) => {
    const looksLike = isPad ? undefined : secretName(components.at(-1)!);
    return looksLike === undefined ? [] : [{ path: components.join('/'), looksLike }];
  });
}

/** The path of the torrent's own folder, or of its one file. */
function rootOf(files: readonly TorrentFile[], pathOf: FilePaths): string | undefined {
  const [file] = files;
  if (file === undefined) return undefined;
  let root = pathOf(file)!;
  for (let depth = file.diskPath.length; depth > 1; depth--) root = path.dirname(root);
  return root;
}

/** The real path of a file that may be a link or lie behind one. Undefined if it does not exist. */
function realFile(lies: string, folders: Map<string, string | undefined>): string | undefined {
  const folder = path.dirname(lies);
  if (!folders.has(folder)) folders.set(folder, realOrUndefined(folder));
  const realFolder = folders.get(folder);
  if (realFolder === undefined) return undefined;
  const real = path.join(realFolder, path.basename(lies));
  try {
    return lstatSync(real).isSymbolicLink() ? realOrUndefined(real) : real;
  } catch {
    return undefined;
  }
}

function realOrUndefined(at: string): string | undefined {
  try {
    return realpathSync.native(at);
  } catch {
    return undefined;
  }
}

function checkOutside(lies: string, real: string, machine: Partial<ShareMachine>): void {
  const fault = realPlaceFault(real, machine);
  if (fault === undefined) return;
  const { code, reason, instead } = fault;
  throw new ShareError(code, `${lies} (${real}) is not shared: ${reason}`, { path: lies, instead });
}

function isWithin(at: string, folder: string): boolean {
  return at === folder || at.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}
