/**
 * Makes a folder and those above it that are missing, one by one. Node's own `recursive` climbs and descends without end
 * where the system answers ENOENT for a folder whose parent is there (/proc, some network file systems), on a thread
 * that no signal reaches. Nothing that we ship uses it: test/house.
 */
import fs from 'node:fs';
import path from 'node:path';

/** What it asks of a file system. */
export interface FolderSystem {
  exists(at: string): boolean;
  isFolder(at: string): boolean;
  mkdir(at: string, mode: number): void;
}

const machine: FolderSystem = {
  exists: (at) => fs.existsSync(at),
  isFolder: (at) => fs.statSync(at).isDirectory(),
  mkdir: (at, mode) => fs.mkdirSync(at, mode),
};

/** Answers those it has made, the outermost first. Throws what the system said about the first that cannot be made. */
export function makeFolders(folder: string, mode = 0o777, system: FolderSystem = machine): string[] {
  const missing: string[] = [];
  for (let at = path.resolve(folder); !system.exists(at); at = path.dirname(at)) {
    missing.push(at);
    if (path.dirname(at) === at) break;
  }
  const made: string[] = [];
  for (const at of missing.reverse()) {
    try {
      system.mkdir(at, mode);
      made.push(at);
    } catch (error) {
      // Another process may have made it in the same moment. A file, or a link that leads nowhere, is in the way.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isFolder(at, system)) throw error;
    }
  }
  return made;
}

function isFolder(at: string, system: FolderSystem): boolean {
  try {
    return system.isFolder(at);
  } catch {
    return false;
  }
}
