/** Lines for people to copy: how this program is called here, and how to quote what goes on such a line. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { packageName } from '../../../torrents/program.ts';

export interface Start {
  /** What Node was told to run: a file of ours, or the name of a bin. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Our own folder. */
  readonly root: string;
  /** It holds the sources, and was not installed. */
  readonly isCheckout: boolean;
}

/**
 * What to type to start this program again. `npx cicada` runs what we are in our own checkout alone: elsewhere npm would
 * fetch a package of that name, which is another project's.
 */
export function programName({ entry, env, cwd, root, isCheckout }: Start): string {
  const file = basename(entry);
  const byFile = `node ${quoted(relative(cwd, entry))}`;
  if (file !== 'main.ts' && file !== 'cicada.js' && file !== 'cicada' && file !== packageName)
    return 'cicada';
  const isOwnProject = isCheckout && realPath(env.npm_config_local_prefix) === realPath(root);
  if (env.npm_command !== undefined && isOwnProject) return 'npx cicada';
  if (file === 'main.ts') return byFile;
  // A copy that npx keeps, or that of another project: the package's own name is ours wherever it is typed.
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

/** The program as it was called this time: for every command that is printed. */
export const calledAs = programName({
  ...{ entry: process.argv[1] ?? '', env: process.env, cwd: process.cwd(), root },
  // The published package has compiled files only.
  isCheckout: existsSync(join(root, 'client/cli/main.ts')),
});

/** A whole line, ready for a shell here. */
export function commandLine(args: readonly string[]): string {
  return [calledAs, ...args.map(quoted)].join(' ');
}

/** The same for another computer, where Cicada is installed in a way that nobody knows here. */
export function commandElsewhere(args: readonly string[]): string {
  return ['cicada', ...args.map(quoted)].join(' ');
}

/** One word for a POSIX shell; plain words stay as they are. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What was chosen rather than typed counts as typed: the line that goes on with it is made of this. */
export function typed(args: readonly string[]): void {
  process.argv.splice(2, process.argv.length, ...args);
}
