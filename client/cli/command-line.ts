/** Lines for people to copy: how this program was started, and how to quote what goes on such a line. */
import { basename, relative } from 'node:path';
import process from 'node:process';

/** What to type to start this program again: `cicada`, `npx cicada`, or node and the file. */
export function programName(): string {
  const entry = process.argv[1] ?? '';
  if (basename(entry) === 'main.ts') return `node ${quoted(relative(process.cwd(), entry))}`;
  return process.env.npm_command === 'exec' ? 'npx cicada' : 'cicada';
}

/** A whole line, ready for a shell. */
export function commandLine(args: readonly string[]): string {
  return [programName(), ...args.map(quoted)].join(' ');
}

/** One word for a POSIX shell; plain words stay as they are. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What was chosen rather than typed counts as typed: the line that goes on with it is made of this. */
export function typed(args: readonly string[]): void {
  process.argv.splice(2, process.argv.length, ...args);
}
