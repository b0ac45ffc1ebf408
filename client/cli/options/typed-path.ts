/**
 * Reads paths typed without a shell: expands `~`, completes by Tab, and unquotes the path of a dragged file.
 */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The completer for readline: possible continuations of the line. */
export function completePath(line: string): [string[], string] {
  const path = withHome(line);
  const folder = path.endsWith('/') ? path : dirname(path);
  const begun = path.endsWith('/') ? '' : basename(path);
  const kept = line.slice(0, line.length - begun.length);
  try {
    const names = readdirSync(folder || '.').filter(
      (name) => name.startsWith(begun) && (begun !== '' || name[0] !== '.'),
    );
    const isFolder = (name: string) =>
      statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
    return [names.map((name) => `${kept}${name}${isFolder(name) ? '/' : ''}`), line];
  } catch {
    // The folder does not exist or is not readable: there are no completions.
    return [[], line];
  }
}

/** The path in the line: terminals paste the path of a dragged file quoted or escaped. */
export function untyped(line: string): string {
  const text = line.trim();
  const quotedText = /^'(.*)'$|^"(.*)"$/.exec(text);
  if (quotedText !== null) return quotedText[1] ?? quotedText[2]!;
  return withHome(text.replace(/\\([ '"()&[\]\\])/g, '$1'));
}

function withHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
}
