/**
 * What one component of a path may be. A component that no author's file system could have held is refused,
 * and the torrent with it. A component that only this machine cannot hold is mapped to one that it can. Real
 * names are never refused: `Icon\r`, `foo... bar`, a trailing dot, an emoji with its joiners, right-to-left
 * marks.
 *
 * Invariant: mapComponent() returns one ordinary file name of its platform: no separator, no device, no
 * stream, not `.` or `..`, not too long. So a path joined from mapped components lies inside the folder that
 * it is joined to. A torrent's own folder or file (mapTopName) is also never hidden: a torrent that is
 * downloaded into a home folder must not install `.ssh` or `.bash_profile`. Left to others: two names that
 * are mapped to one (file-layout.ts), symbolic links on the disk (the code that opens files).
 */
import process from 'node:process';

export type PathPlatform = 'linux' | 'darwin' | 'win32';

/** The rules of this machine. Every Unix but macOS has Linux's rules. */
export const hostPlatform: PathPlatform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';

export const pathFaultCodes = ['path-empty', 'path-nul', 'path-separator', 'path-traversal'] as const;

export interface PathFault {
  readonly code: (typeof pathFaultCodes)[number];
  readonly message: string;
}

/** Why a torrent with this component is refused. Undefined if the component is allowed. */
export function componentFault(component: string): PathFault | undefined {
  if (component === '') return { code: 'path-empty', message: 'a part of a path is empty' };
  if (component.includes('\0'))
    return { code: 'path-nul', message: 'a part of a path contains a NUL character' };
  if (component.includes('/'))
    return { code: 'path-separator', message: 'a part of a path contains a slash' };
  // On Unix, a backslash is an ordinary character of a file name. But `..\` is meant to leave the folder on
  // Windows.
  if (component === '.' || component.split('\\').includes('..')) {
    return { code: 'path-traversal', message: 'a path leads out of its folder' };
  }
  return undefined;
}

/** The longest name: in bytes on Linux and macOS, in UTF-16 units on Windows. */
export const nameUnitsMax = 255;
/**
 * A name that is too long is cut to this length, which leaves room for a number and for `.part` (libtorrent
 * cuts to 240).
 */
const nameUnitsCut = 200;
/** In UTF-16 units. A longer "extension" is part of the title. */
const extensionUnitsMax = 20;

/**
 * The name on disks of this platform for a component without a fault. Unchanged if the platform can hold it.
 */
export function mapComponent(component: string, platform: PathPlatform): string {
  let name = component.toWellFormed();
  if (platform === 'win32') {
    name = name.replaceAll(/[\x00-\x1f<>:"|?*\\]/g, '_').replace(/[. ]+$/, (tail) => '_'.repeat(tail.length));
    if (isWindowsDevice(name)) name = `_${name}`;
  }
  return nameUnits(name, platform) > nameUnitsMax ? shorten(name, platform) : name;
}

/**
 * The disk name of a torrent's own folder or file: like mapComponent(), but never hidden. `.ssh` becomes
 * `_ssh` on every platform, because systems may share a home folder. Names that begin with three dots are
 * titles (`...And Justice for All`) and stay.
 */
export function mapTopName(name: string, platform: PathPlatform): string {
  const mapped = mapComponent(name, platform);
  return isHiddenName(mapped) ? mapped.replace(firstVisible, '$1_') : mapped;
}

const ignorable = /\p{Default_Ignorable_Code_Point}/gu;
const firstVisible = /^(\p{Default_Ignorable_Code_Point}*)./u;

/**
 * Whether a name begins with one or two dots as file systems compare names: HFS+ ignores invisible
 * characters, and ZFS can be set to equate `\uff0e` (fullwidth full stop) and `\u2024` (one dot leader) with
 * a dot (NFKC).
 */
export function isHiddenName(name: string): boolean {
  return /^\.(?!\.\.)/.test(name.replaceAll(ignorable, '').normalize('NFKC'));
}

/** CON, NUL.txt, com¹.tar.gz: Windows opens a device for these names in every folder, with any extension. */
function isWindowsDevice(name: string): boolean {
  const [stem = ''] = name.split('.', 1);
  return /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|clock\$|conin\$|conout\$)$/i.test(stem.trimEnd());
}

/** The last component: the file's own name. Empty for a pad file, which has no place on the disk. */
export function lastName(path: readonly string[]): string {
  return path.at(-1) ?? '';
}

/** The length of a name, in the unit of nameUnitsMax. */
export function nameUnits(name: string, platform: PathPlatform): number {
  return platform === 'win32' ? name.length : Buffer.byteLength(name);
}

function shorten(name: string, platform: PathPlatform): string {
  const [stem, extension] = splitExtension(name);
  return cutName(stem, platform) + extension;
}

/** Cuts a name to nameUnitsCut. A shorter name stays whole, and has room for a suffix of 50 units. */
export function cutName(name: string, platform: PathPlatform): string {
  let kept = '';
  let units = 0;
  // Cuts by code points, so that no character is split.
  for (const char of name) {
    units += nameUnits(char, platform);
    // The last character before the cut may be a dot or a space. No name may end in them on Windows, or
    // consist of them.
    if (units > nameUnitsCut) return kept.replace(/[. ]+$/, (tail) => '_'.repeat(tail.length));
    kept += char;
  }
  return kept;
}

/** `01 Song.flac` → [`01 Song`, `.flac`]. A leading dot starts no extension. */
function splitExtension(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  if (dot <= 0 || name.length - dot > extensionUnitsMax) return [name, ''];
  return [name.slice(0, dot), name.slice(dot)];
}

/** `01 Song.flac` and `.2` → `01 Song.2.flac`. Cuts the name first if the result would be too long. */
export function withSuffix(name: string, suffix: string, platform: PathPlatform): string {
  const fits = nameUnits(name, platform) + nameUnits(suffix, platform) <= nameUnitsMax;
  const [stem, extension] = splitExtension(fits ? name : shorten(name, platform));
  return stem + suffix + extension;
}

/**
 * A path as it is shown to users. Characters that control a terminal, break a line or reverse the text
 * direction (`song\u202Egnp.exe`) are escaped. All others stay, marks of right-to-left scripts included.
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
