/**
 * The project's own TypeScript for the house tests: its files, their lines of code, and their imports.
 *
 * Imports are found in the text: Biome puts every import statement at the start of a line, with single
 * quotes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The project's own files that it imports: statically, as types, lazily, or as a worker. */
  readonly ours: readonly string[];
  /** The files among them that it names by URL, for a thread or a process. */
  readonly byUrl: readonly string[];
  /** Packages and modules of Node. */
  readonly foreign: readonly string[];
}

/** All .ts files below these folders. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => {
    const entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    return entries
      .filter((path) => path.endsWith('.ts'))
      .map((path) => sourceFile(join(folder, path).split(sep).join('/')));
  });
}

/** The lines without comments, with their line numbers. */
export function codeLines(text: string): { line: number; code: string }[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: index + 1, code: line.replace(/^\s*(\/?\*|\/\/).*|\s\/\/ .*/, '') }))
    .filter(({ code }) => code.trim() !== '');
}

const statementPattern = /^(?:import|export)\b[^;'"`]*?\bfrom '([^']+)'|^import '([^']+)'/gm;
const lazyPattern = /\bimport\('([^']+)'\)/g;
/** `new URL('./x-worker' + extension, import.meta.url)`: the file of a thread, as source or compiled. */
const workerPattern = /new URL\(\s*['`](\.[^'`$]+?)(?:\.ts)?['`$]/g;

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const names = [...text.matchAll(statementPattern), ...text.matchAll(lazyPattern)].map(
    (match) => match[1] ?? match[2]!,
  );
  const workers = [...text.matchAll(workerPattern)].map((match) => `${match[1]}.ts`);
  const there = (relative: readonly string[]) => {
    const targets = relative.map((name) =>
      normalize(join(dirname(path), name))
        .split(sep)
        .join('/'),
    );
    return [...new Set(targets.filter((target) => existsSync(join(root, target))))];
  };
  const ours = there([...names.filter((name) => name.startsWith('.')), ...workers]);
  return { path, text, ours, byUrl: there(workers), foreign: names.filter((name) => !name.startsWith('.')) };
}
