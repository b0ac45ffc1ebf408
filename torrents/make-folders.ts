/**
 * Makes a folder and its missing parents, one by one. Node's own `recursive` loops without end where the
 * system answers ENOENT for a folder whose parent exists (/proc, some network file systems), on a thread that
 * no signal reaches. A test in test/house keeps it out of all shipped code.
 */
import fs from 'node:fs';
import path from 'node:path';

/** The calls this needs from a file system. */
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

/**
 * Returns the folders that it made, the outermost first. Throws the system's error for the first one that it
 * cannot make.
 */
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
      // EEXIST is fine if another process made the folder at the same moment, but not if a file or a dead
      // link is there.
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
