/**
 * What may be shared at all. A folder is shared because somebody named it, and even then not when it is the system's, a
 * whole home, hidden, or the program's own; and no file in it that is a key or a list of passwords.
 *
 * Invariant: a folder is judged by where it really lies, after all links. What is refused has a reason.
 * Left to others: hidden files, junk and links inside of the folder (torrents/folder-scan.ts leaves them out).
 */
import { realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { secretOf } from './secret-files.ts';
import { ShareError, type ShareErrorCode } from './share-error.ts';

/** Whose rules apply; this machine's if left out. Folders are absolute and without links. */
export interface ShareMachine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** What this program keeps for itself, and nobody else should see. */
  readonly privateFolders: readonly string[];
}

/** Nothing below them is anybody's music. */
const systemTrees: Readonly<Record<'posix' | 'darwin' | 'win32', readonly string[]>> = {
  posix: [
    ...['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/proc', '/sbin', '/sys', '/usr'],
    ...[
      '/var/backups',
      '/var/cache',
      '/var/log',
      '/var/mail',
      '/var/run',
      '/var/spool',
      '/run/user',
      '/snap',
    ],
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
/** They hold other things beside what somebody might share: parts of them may be. */
const systemFolders: Readonly<Record<'posix' | 'darwin' | 'win32', readonly string[]>> = {
  posix: [
    '/',
    '/home',
    '/root',
    '/run',
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
/** Where each folder is somebody's home, and the ones that are not. */
const homesFolder = { posix: '/home', darwin: '/Users', win32: '\\Users' } as const;
const sharedHomes = /[/\\](public|shared)$/i;
/** Where programs keep what they know of a user, beside hidden folders. */
const homeTrees: Readonly<Record<'posix' | 'darwin' | 'win32', readonly string[]>> = {
  posix: [],
  darwin: ['Library'],
  win32: ['AppData'],
};

/** The folder or file as it really lies. Throws a ShareError that says why it is not shared. */
export function checkShare(folderOrFile: string, machine: Partial<ShareMachine> = {}): string {
  const named = path.resolve(folderOrFile);
  let real: string;
  try {
    real = realpathSync(named);
  } catch (error) {
    throw new ShareError('share-missing', `${named} is not there, or cannot be reached`, named, error);
  }
  const stats = statSync(real);
  if (!stats.isDirectory() && !stats.isFile()) {
    throw new ShareError('share-not-a-folder', `${named} is neither a folder nor a file`, named);
  }
  const secret = stats.isFile() ? secretOf(real) : undefined;
  const fault =
    secret === undefined
      ? placeFault(real, {
          platform: machine.platform ?? process.platform,
          home: machine.home ?? realHome(),
          privateFolders: machine.privateFolders ?? [],
        })
      : ({ code: 'share-secret', reason: `it looks like ${secret}` } as const);
  if (fault !== undefined) {
    const where = real === named ? named : `${named} (${real})`;
    throw new ShareError(fault.code, `${where} is not shared: ${fault.reason}`, named);
  }
  return real;
}

interface Fault {
  readonly code: ShareErrorCode;
  readonly reason: string;
}

/** Why what lies there is not shared; undefined when it may be. Pure: `real` is absolute and without links. */
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
  const choose = 'choose the folder with the music in it';

  if (isWithin(home, real))
    return { code: 'share-whole-home', reason: `it holds your whole home; ${choose}` };
  const kinds = isWindows
    ? (['win32'] as const)
    : platform === 'darwin'
      ? (['posix', 'darwin'] as const)
      : (['posix'] as const);
  const drive = isWindows ? rules.parse(real).root.replace(/\\$/, '') : '';
  const systemDrive = isWindows ? rules.parse(home).root.replace(/\\$/, '') : '';
  // A drive of its own may hold nothing but music; the one with the system does not.
  const isSystemDrive = folded(drive, platform) === folded(systemDrive, platform);
  for (const kind of isSystemDrive ? kinds : []) {
    // A neighbour's home is as private as one's own.
    if (isSame(rules.dirname(real), drive + homesFolder[kind]) && !sharedHomes.test(real)) {
      return { code: 'share-whole-home', reason: `it is somebody's whole home; ${choose}` };
    }
    const tree = systemTrees[kind].find((folder) => isWithin(real, drive + folder));
    if (tree !== undefined) return { code: 'share-system-folder', reason: `${tree} belongs to the system` };
    if (systemFolders[kind].some((folder) => isSame(real, drive + folder))) {
      return { code: 'share-system-folder', reason: `it is a folder of the system; ${choose}` };
    }
  }
  for (const kind of kinds) {
    const tree = homeTrees[kind].find((folder) => isWithin(real, rules.join(home, folder)));
    if (tree !== undefined)
      return { code: 'share-private-folder', reason: `programs keep their data in ${tree}` };
  }
  for (const folder of privateFolders) {
    if (isWithin(real, folder) || isWithin(folder, real)) {
      return { code: 'share-private-folder', reason: `Cicada keeps keys and records in ${folder}` };
    }
  }
  const hidden = real.split(rules.sep).find((name) => name.startsWith('.'));
  return hidden === undefined
    ? undefined
    : { code: 'share-hidden', reason: `${hidden} is hidden, and meant to be` };
}

/** Windows and macOS take names for one that differ in case. */
function folded(at: string, platform: NodeJS.Platform): string {
  return platform === 'win32' || platform === 'darwin' ? at.toLowerCase() : at;
}

function realHome(): string {
  const home = homedir();
  try {
    return realpathSync(home);
  } catch {
    return home;
  }
}
