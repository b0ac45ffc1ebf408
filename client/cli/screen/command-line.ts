/** Command lines for people to copy: how this program was started, and how arguments are quoted. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { packageName } from '../../../torrents/program.ts';

export interface Start {
  /** The script that Node runs: one of our files, or the name of a bin. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** The root folder of this package. */
  readonly root: string;
  /** The root holds the sources: it is a checkout, not an installed package. */
  readonly isCheckout: boolean;
}

/**
 * The command that starts this program again. `npx cicada` works only in our own checkout: elsewhere npm
 * would fetch another project's package of that name.
 */
export function programName({ entry, env, cwd, root, isCheckout }: Start): string {
  const file = basename(entry);
  const byFile = `node ${quoted(relative(cwd, entry))}`;
  if (file !== 'main.ts' && file !== 'cicada.js' && file !== 'cicada' && file !== packageName)
    return 'cicada';
  const isOwnProject = isCheckout && realPath(env.npm_config_local_prefix) === realPath(root);
  if (env.npm_command !== undefined && isOwnProject) return 'npx cicada';
  if (file === 'main.ts') return byFile;
  // A copy in the cache of npx or in another project: the package's full name works everywhere.
  if (env.npm_command === 'exec') return `npx ${packageName}`;
  return file === 'cicada.js' && isCheckout ? byFile : 'cicada';
}

function realPath(path: string | undefined): string | undefined {
  try {
    return path && realpathSync(path);
  } catch {
    return undefined;
  }
}

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** How the program was started: for every printed command. */
export const calledAs = programName({
  ...{ entry: process.argv[1] ?? '', env: process.env, cwd: process.cwd(), root },
  // The published package has compiled files only.
  isCheckout: existsSync(join(root, 'client/cli/main.ts')),
});

/** A whole command line for this machine's shell. */
export function commandLine(args: readonly string[]): string {
  return [calledAs, ...args.map(quoted)].join(' ');
}

/** A command line for another computer, where Cicada is assumed to be installed as `cicada`. */
export function commandElsewhere(args: readonly string[]): string {
  return ['cicada', ...args.map(quoted)].join(' ');
}

/** One word, quoted for a POSIX shell; plain words stay as they are. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Makes a command chosen from the menu the process's own arguments, from which later hints are built. */
export function typed(args: readonly string[]): void {
  process.argv.splice(2, process.argv.length, ...args);
}
