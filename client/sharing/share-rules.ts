/**
 * What may be shared: the one rule of `share`, `publish`, `seed`, the menu and the watcher. A folder is
 * shared because the user named it, but not if it belongs to the system, is a whole home, is hidden or is
 * Cicada's own. No option overrides this: music in such a place can be moved, and a mistyped path never
 * exposes a private folder.
 *
 * Invariant: a folder is judged by its real path, after all links. Every refusal has a reason and a
 * suggestion. Left to others: hidden files, junk, links and secrets inside the folder
 * (torrents/create/folder-scan.ts leaves them out).
 */
import { realpathSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { type Instead, ShareError, type ShareErrorCode } from '../account/share-error.ts';
import { secretName, secretOf } from './secret-files.ts';

/** The machine whose rules apply; by default this one. Paths are absolute and without links. */
export interface ShareMachine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** Folders in which Cicada stores keys and records. */
  readonly privateFolders: readonly string[];
}

/** Nothing below these folders may be shared. */
const systemTrees: Readonly<Record<'posix' | 'darwin' | 'win32', readonly string[]>> = {
  posix: [
    ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/proc', '/sbin', '/sys', '/usr'],
    ...['/var/backups', '/var/cache', '/var/log', '/var/mail', '/var/run', '/var/spool', '/run', '/snap'],
  ],
  darwin: [
    '/System',
    '/Library',
    '/Applications',
    '/cores',
    '/private/etc',
    '/private/var/db',
    '/private/var/log',
  ],
  win32: ['\\Windows', '\\Program Files', '\\Program Files (x86)', '\\ProgramData', '\\Recovery'],
};
/** Mount points of plugged-in disks, which lie below a folder of `systemTrees`. */
const exceptions: readonly string[] = ['/run/media'];
/** These folders themselves may not be shared, but folders below them may. */
const systemFolders: Readonly<Record<'posix' | 'darwin' | 'win32', readonly string[]>> = {
  posix: [
    '/',
    '/home',
    '/root',
    '/run/media',
    '/media',
    '/opt',
    '/srv',
    '/tmp',
    '/var',
    '/var/lib',
    '/var/tmp',
  ],
  darwin: ['/Users', '/Volumes', '/private', '/private/tmp', '/private/var'],
  win32: ['\\', '\\Users', '\\Users\\Public'],
};
/** The folder that holds all users' homes, and the folders in it that are not homes. */
const homesFolder = { posix: '/home', darwin: '/Users', win32: '\\Users' } as const;
const sharedHomes = /[/\\](public|shared)$/i;
/** Folders in which programs keep a user's data, besides hidden folders. */
const homeTrees: Readonly<Record<'posix' | 'darwin' | 'win32', readonly string[]>> = {
  posix: [],
  darwin: ['Library'],
  win32: ['AppData'],
};

export interface ShareOptions {
  /** The user allows sharing a file that looks like a key or a list of passwords. */
  readonly includeSecrets?: boolean | undefined;
}

/**
 * Returns the real path of the folder or file. Throws a ShareError with the reason if it may not be shared.
 */
export function checkShare(
  folderOrFile: string,
  machine: Partial<ShareMachine> = {},
  { includeSecrets = false }: ShareOptions = {},
): string {
  const named = path.resolve(folderOrFile);
  let real: string;
  try {
    // `native`, because it also resolves the short names of Windows.
    real = realpathSync.native(named);
  } catch (error) {
    const message = `${named} is not there, or cannot be reached`;
    throw new ShareError('share-missing', message, { path: named, cause: error });
  }
  const stats = statSync(real);
  if (!stats.isDirectory() && !stats.isFile()) {
    throw new ShareError('share-not-a-folder', `${named} is neither a folder nor a file`, { path: named });
  }
  const where = real === named ? named : `${named} (${real})`;
  const fault = realPlaceFault(real, machine);
  if (fault !== undefined) {
    const { code, reason, instead } = fault;
    throw new ShareError(code, `${where} is not shared: ${reason}`, { path: named, instead });
  }
  const isLookedAt = stats.isFile() && !includeSecrets;
  const secret = isLookedAt ? (secretName(path.basename(named)) ?? secretOf(real, stats.size)) : undefined;
  if (secret !== undefined) {
    const message = `${where} is not shared: it looks like ${secret}`;
    throw new ShareError('share-secret', message, { path: named });
  }
  return real;
}

/**
 * placeFault() for this machine. The user may have two homes: `$HOME` may differ from the home in the user
 * database.
 */
export function realPlaceFault(real: string, machine: Partial<ShareMachine> = {}): Fault | undefined {
  const { platform = process.platform } = machine;
  const privateFolders = (machine.privateFolders ?? []).map(realOf);
  const homes = machine.home === undefined ? realHomes() : [machine.home];
  for (const home of homes) {
    const fault = placeFault(real, { platform, home, privateFolders });
    if (fault !== undefined) return fault;
  }
  return undefined;
}

export interface Fault {
  readonly code: ShareErrorCode;
  readonly reason: string;
  readonly instead: Instead;
}

/**
 * Why the folder or file may not be shared; undefined when it may. Pure: `real` is absolute and without
 * links.
 */
export function placeFault(
  real: string,
  { platform, home, privateFolders }: ShareMachine,
): Fault | undefined {
  const isWindows = platform === 'win32';
  const rules = isWindows ? path.win32 : path.posix;
  const isWithin = (at: string, folder: string) => {
    const way = rules.relative(folded(folder, platform), folded(at, platform));
    return way === '' || (way !== '..' && !way.startsWith(`..${rules.sep}`) && !rules.isAbsolute(way));
  };
  const isSame = (a: string, b: string) => isWithin(a, b) && isWithin(b, a);
  const [within, own] = [{ instead: 'folder-within' }, { instead: 'own-folder' }] as const;

  if (isWithin(home, real))
    return { code: 'share-whole-home', reason: 'it holds your whole home', ...within };
  const kinds = isWindows
    ? (['win32'] as const)
    : platform === 'darwin'
      ? (['posix', 'darwin'] as const)
      : (['posix'] as const);
  const drive = isWindows ? rules.parse(real).root.replace(/\\$/, '') : '';
  const systemDrive = isWindows ? rules.parse(home).root.replace(/\\$/, '') : '';
  // Other drives may hold nothing but music. The drive of the system does not.
  const isSystemDrive = folded(drive, platform) === folded(systemDrive, platform);
  for (const kind of isSystemDrive ? kinds : []) {
    // Other users' homes are as private as one's own.
    if (isSame(rules.dirname(real), drive + homesFolder[kind]) && !sharedHomes.test(real)) {
      return { code: 'share-whole-home', reason: "it is somebody's whole home", ...within };
    }
    const tree = systemTrees[kind].find((folder) => isWithin(real, drive + folder));
    if (tree !== undefined && !exceptions.some((folder) => isWithin(real, folder))) {
      // Desktops mount remote folders there.
      const isMount = /^\/run\/user\/\d+\/(gvfs|kio-fuse)/.test(real);
      const instead = isMount ? 'own-mount' : 'own-folder';
      return { code: 'share-system-folder', reason: `${tree} belongs to the system`, instead };
    }
    if (systemFolders[kind].some((folder) => isSame(real, drive + folder))) {
      return { code: 'share-system-folder', reason: 'it is a folder of the system', ...within };
    }
  }
  // `\\\\server\\c$`: the whole disk of another machine, for its administrators.
  if (isWindows && /^\\\\[^\\]+\\[^\\]+\$(\\|$)/.test(real)) {
    return { code: 'share-system-folder', reason: 'it is on a share for administrators', ...own };
  }
  for (const kind of kinds) {
    const tree = homeTrees[kind].find((folder) => isWithin(real, rules.join(home, folder)));
    if (tree !== undefined)
      return { code: 'share-private-folder', reason: `programs keep their data in ${tree}`, ...own };
  }
  for (const folder of privateFolders) {
    if (isWithin(real, folder) || isWithin(folder, real)) {
      const reason = `Cicada keeps keys and records in ${folder}`;
      return { code: 'share-private-folder', reason, ...within };
    }
  }
  const hidden = real.split(rules.sep).find((name) => name.startsWith('.'));
  return hidden === undefined
    ? undefined
    : { code: 'share-hidden', reason: `${hidden} is hidden, and meant to be`, ...own };
}

/** Names that differ only in case are the same on Windows and macOS. */
function folded(at: string, platform: NodeJS.Platform): string {
  return platform === 'win32' || platform === 'darwin' ? at.toLowerCase() : at;
}

function realHomes(): string[] {
  const homes = [homedir()];
  try {
    homes.push(userInfo().homedir);
  } catch {
    // The user database has no entry for this user, as in containers.
  }
  return [...new Set(homes.filter((home) => path.isAbsolute(home)).map(realOf))];
}

/** Resolves the part of the path that exists. */
function realOf(at: string): string {
  try {
    return realpathSync.native(at);
  } catch {
    const parent = path.dirname(at);
    return parent === at ? at : path.join(realOf(parent), path.basename(at));
  }
}
