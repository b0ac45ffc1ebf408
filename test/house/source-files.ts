/**
 * The project's own TypeScript as the house tests see it: files, the lines of code in them, and what each imports.
 *
 * Imports are read from the text: Biome's format puts every import statement at the start of a line, and quotes in it
 * are single.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Files of ours that it imports, statically, as types, lazily, or as a worker. */
  readonly ours: readonly string[];
  /** Those of them that it names by their address, for a thread or a process. */
  readonly byUrl: readonly string[];
  /** Packages and parts of Node. */
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

/** Lines without comments, with their numbers. What a comment says is nobody's business. */
export function codeLines(text: string): { line: number; code: string }[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: index + 1, code: line.replace(/^\s*(\/?\*|\/\/).*|\s\/\/ .*/, '') }))
    .filter(({ code }) => code.trim() !== '');
}

const statementPattern = /^(?:import|export)\b[^;'"`]*?\bfrom '([^']+)'|^import '([^']+)'/gm;
const lazyPattern = /\bimport\('([^']+)'\)/g;
/** `new URL('./x-worker' + extension, import.meta.url)`: a file of a thread, of the source or the compiled kind. */
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
