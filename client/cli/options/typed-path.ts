/** Paths as people type them where no shell helps: `~` for home, Tab to go on, quotes and escapes from a dragged file. */
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** For readline: what the line may become. */
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
    // No such folder, or not ours to read: then there is nothing to offer.
    return [[], line];
  }
}

/** What was meant by the line: terminals paste the path of a dragged file quoted or escaped. */
export function untyped(line: string): string {
  const text = line.trim();
  const quotedText = /^'(.*)'$|^"(.*)"$/.exec(text);
  if (quotedText !== null) return quotedText[1] ?? quotedText[2]!;
  return withHome(text.replace(/\\([ '"()&[\]\\])/g, '$1'));
}

function withHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
}
