/**
 * What one component of a path may be. Two answers, never mixed up: a component that no file system could have given
 * its author is refused, and with it the torrent; one that only this machine cannot hold is mapped to one it can. Real
 * names are never refused: `Icon\r`, `foo... bar`, a trailing dot, an emoji with its joiners, right-to-left marks.
 *
 * Invariant: what mapComponent() returns is one ordinary file name on its platform: no separator, no device, no
 * stream, not `.` or `..`, not too long. So a path joined from mapped components lies inside the folder it is joined to.
 * A torrent's own folder or file (mapTopName) is also never hidden: `.ssh` or `.bash_profile` would be installed where a
 * torrent is fetched into a home folder.
 * Left to others: two names that become one (file-layout.ts), links on the disk (whoever opens files).
 */
import process from 'node:process';

export type PathPlatform = 'linux' | 'darwin' | 'win32';

/** The rules of the machine we run on; every other Unix has Linux's. */
export const hostPlatform: PathPlatform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';

export const pathFaultCodes = ['path-empty', 'path-nul', 'path-separator', 'path-traversal'] as const;

export interface PathFault {
  readonly code: (typeof pathFaultCodes)[number];
  readonly message: string;
}

/** Why a torrent with this component is refused; undefined when it may stand. */
export function componentFault(component: string): PathFault | undefined {
  if (component === '') return { code: 'path-empty', message: 'a part of a path is empty' };
  if (component.includes('\0'))
    return { code: 'path-nul', message: 'a part of a path contains a NUL character' };
  if (component.includes('/'))
    return { code: 'path-separator', message: 'a part of a path contains a slash' };
  // A backslash is an ordinary character of a file name on Unix, but not beside a `..`: that is written for Windows.
  if (component === '.' || component.split('\\').includes('..')) {
    return { code: 'path-traversal', message: 'a path leads out of its folder' };
  }
  return undefined;
}

/** Bytes on Linux and macOS, UTF-16 units on Windows: what one name may take there. */
export const nameUnitsMax = 255;
/** A name that is too long is cut to this: it leaves room for a number and for `.part` (reference: libtorrent's 240). */
const nameUnitsCut = 200;
/** A longer "extension" is part of the title. */
const extensionUnitsMax = 20;

/** A component without a fault → the name it has on disks of this platform; the same one wherever it can be held. */
export function mapComponent(component: string, platform: PathPlatform): string {
  let name = component.toWellFormed();
  if (platform === 'win32') {
    name = name.replaceAll(/[\x00-\x1f<>:"|?*\\]/g, '_').replace(/[. ]+$/, (tail) => '_'.repeat(tail.length));
    if (isWindowsDevice(name)) name = `_${name}`;
  }
  return nameUnits(name, platform) > nameUnitsMax ? shorten(name, platform) : name;
}

/**
 * The name that a torrent's own folder or file has on the disk: like mapComponent(), but never hidden. `.ssh` becomes
 * `_ssh` on every platform, since a home folder may be shared between systems. Names that begin with three dots are
 * titles (`...And Justice for All`) and stay.
 */
export function mapTopName(name: string, platform: PathPlatform): string {
  const mapped = mapComponent(name, platform);
  return isHiddenName(mapped) ? mapped.replace(firstVisible, '$1_') : mapped;
}

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;
const firstVisible = /^(\p{Default_Ignorable_Code_Point}*)./u;

/**
 * One or two dots begin it, as file systems compare names: HFS+ passes over invisible characters, ZFS can be told to take
 * `\uff0e` (fullwidth full stop) and `\u2024` (one dot leader) for a dot (NFKC).
 */
export function isHiddenName(name: string): boolean {
  return /^\.(?!\.\.)/.test(name.replaceAll(ignorable, '').normalize('NFKC'));
}

/** CON, NUL.txt, com¹.tar.gz: Windows opens a device for them in every folder, whatever follows the first dot. */
function isWindowsDevice(name: string): boolean {
  const [stem = ''] = name.split('.', 1);
  return /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|clock\$|conin\$|conout\$)$/i.test(stem.trimEnd());
}

/** What a file is called where it lies; nothing for a pad, which lies nowhere. */
export function lastName(path: readonly string[]): string {
  return path.at(-1) ?? '';
}

/** How much of nameUnitsMax a name takes. */
export function nameUnits(name: string, platform: PathPlatform): number {
  return platform === 'win32' ? name.length : Buffer.byteLength(name);
}

function shorten(name: string, platform: PathPlatform): string {
  const [stem, extension] = splitExtension(name);
  return cutName(stem, platform) + extension;
}

/** The beginning of a name: nothing is lost of one that is short enough to take a suffix of 50 units. */
export function cutName(name: string, platform: PathPlatform): string {
  let kept = '';
  let units = 0;
  // By code points, so that no character is cut in two.
  for (const char of name) {
    units += nameUnits(char, platform);
    // What stood before the cut may be a dot or a space: no name may end in them on Windows, or be nothing else.
    if (units > nameUnitsCut) return kept.replace(/[. ]+$/, (tail) => '_'.repeat(tail.length));
    kept += char;
  }
  return kept;
}

/** `01 Song.flac` → [`01 Song`, `.flac`]; a leading dot begins no extension. */
function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || name.length - dot > extensionUnitsMax) return [name, ''];
  return [name.slice(0, dot), name.slice(dot)];
}

/** `01 Song.flac` and `.2` → `01 Song.2.flac`, cut first when that would be too long. */
export function withSuffix(name: string, suffix: string, platform: PathPlatform): string {
  const fits = nameUnits(name, platform) + nameUnits(suffix, platform) <= nameUnitsMax;
  const [stem, extension] = splitExtension(fits ? name : shorten(name, platform));
  return stem + suffix + extension;
}

/**
 * A path for people's eyes: characters that drive a terminal, break a line or turn the direction of the text around
 * (`song\u202Egnp.exe`) are shown as escapes. Everything else, marks of right-to-left scripts too, stays as it is.
 */
export function displayPath(components: readonly string[]): string {
  return components
    .join('/')
    .replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g, escapeOf);
}

function escapeOf(char: string): string {
  if (char === '\r') return '\\r';
  if (char === '\n') return '\\n';
  if (char === '\t') return '\\t';
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
