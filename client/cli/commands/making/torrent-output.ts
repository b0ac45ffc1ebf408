/** Where a new torrent file is written: checked before an hour of hashing, not after it. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolders } from '../../../../torrents/make-folders.ts';
import { hostPlatform, mapComponent } from '../../../../torrents/paths/path-rules.ts';
import { badOption, CliError, codeOf } from '../../cli-error.ts';

interface OutputOptions {
  readonly name?: string | undefined;
  /** A file, a folder, or undefined for `NAME.torrent` in the current folder. */
  readonly output?: string | undefined;
  readonly force?: boolean | undefined;
  /**
   * Several torrents are written: a path that does not exist and does not end in `.torrent` is a folder to
   * create.
   */
  readonly forSeveral?: boolean | undefined;
}

/**
 * The path of the torrent file. Throws CliError when it cannot be written there; an existing file is no
 * error.
 */
export async function torrentTarget(path: string, options: OutputOptions): Promise<string> {
  const { output = '.' } = options;
  const name = options.name ?? basename(resolve(path));
  if (name === '') throw badOption(`${path} has no name of its own: give one with --name`);
  const isFolder = await isOutputFolder(output, options.forSeveral);
  const target = isFolder ? join(output, mapComponent(`${name}.torrent`, hostPlatform)) : output;
  if (!isFolder && !(await statOf(dirname(target)))?.isDirectory()) {
    throw new CliError('not-found', `there is no folder ${dirname(target)} to put the torrent file in`);
  }
  if ((await statOf(target))?.isDirectory())
    throw new CliError('exists', `${target} is a folder: choose another name with --output`);
  return target;
}

/** As torrentTarget, but throws CliError `exists` for an existing file unless `force` is set. */
export async function torrentOutput(path: string, options: OutputOptions): Promise<string> {
  const target = await torrentTarget(path, options);
  if (options.force !== true && (await isThere(target))) throw alreadyThere(target);
  return target;
}

export async function isThere(target: string): Promise<boolean> {
  return (await statOf(target)) !== undefined;
}

export function alreadyThere(target: string, orSkip = ''): CliError {
  const advice = `replace it with --force,${orSkip} or choose another name with --output`;
  return new CliError('exists', `${target} exists already: ${advice}`);
}

/**
 * Creates the output folder for torrent files, with its parents. The folder of a single output file has to
 * exist, since its name may be mistyped. Call it after all other checks. Throws CliError
 * `folder-not-writable`.
 */
export async function makeOutputFolder(output: string | undefined, forSeveral = false): Promise<void> {
  if (output === undefined || !(await isOutputFolder(output, forSeveral))) return;
  try {
    makeFolders(output);
  } catch (error) {
    const message = `${output} cannot be made for the torrent files (${codeOf(error)}): choose another folder with --output`;
    throw new CliError('folder-not-writable', message, error);
  }
}

async function isOutputFolder(output: string, forSeveral = false): Promise<boolean> {
  const there = await statOf(output);
  if (there !== undefined) return there.isDirectory();
  return /[/\\]$/.test(output) || (forSeveral && !/\.torrent$/i.test(output));
}

async function statOf(path: string) {
  return await stat(path).catch(() => undefined);
}
