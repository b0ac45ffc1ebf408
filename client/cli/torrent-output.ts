/** Where a new torrent file goes: looked at before an hour of hashing, not after it. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { hostPlatform, mapComponent } from '../../torrents/path-rules.ts';
import { badOption, CliError } from './cli-error.ts';

/**
 * `output`: a file, a folder, or nothing for `NAME.torrent` in the current folder. Throws CliError `exists` when there
 * is something already and `force` is not set, `not-found` when there is no such folder.
 */
export async function torrentOutput(
  path: string,
  options: {
    readonly name?: string | undefined;
    readonly output?: string | undefined;
    readonly force?: boolean | undefined;
  },
): Promise<string> {
  const { output = '.', force = false } = options;
  const name = options.name ?? basename(resolve(path));
  if (name === '') throw badOption(`${path} has no name of its own: give one with --name`);
  const isFolder = (await statOf(output))?.isDirectory() ?? /[/\\]$/.test(output);
  const target = isFolder ? join(output, mapComponent(`${name}.torrent`, hostPlatform)) : output;
  if (!(await statOf(dirname(target)))?.isDirectory()) {
    throw new CliError('not-found', `there is no folder ${dirname(target)} to put the torrent file in`);
  }
  const there = await statOf(target);
  if (there?.isDirectory())
    throw new CliError('exists', `${target} is a folder: choose another name with --output`);
  if (there !== undefined && !force) {
    throw new CliError(
      'exists',
      `${target} exists already: replace it with --force, or choose another name with --output`,
    );
  }
  return target;
}

async function statOf(path: string) {
  return await stat(path).catch(() => undefined);
}
