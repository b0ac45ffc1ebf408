/**
 * Makes a folder and those above it that are missing, one by one. Node's own `recursive` climbs and descends without end
 * where the system answers ENOENT for a folder whose parent is there (/proc, some network file systems), on a thread
 * that no signal reaches. Nothing that we ship uses it: test/house.
 */
import fs from 'node:fs';
import path from 'node:path';

/** Answers those it has made, the outermost first. Throws what the system said about the first that cannot be made. */
export function makeFolders(folder: string, mode = 0o777): string[] {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !fs.existsSync(at); at = path.dirname(at)) {
    missing.push(at);
    if (path.dirname(at) === at) break;
  }
  const made: string[] = [];
  for (const at of missing.reverse()) {
    try {
      fs.mkdirSync(at, { mode });
      made.push(at);
    } catch (error) {
      // Another process may have made it in the same moment. A file, or a link that leads nowhere, is in the way.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(at)) throw error;
    }
  }
  return made;
}

function isFolder(at: string): boolean {
  try {
    return fs.statSync(at).isDirectory();
  } catch {
    return false;
  }
}
