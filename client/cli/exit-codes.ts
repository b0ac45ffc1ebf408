/**
 * The one table from stable error codes to exit codes. The numbers are aria2's where they fit, so that scripts written
 * for it go on working.
 */
import { codeOf } from './cli-error.ts';

export const exitCode = {
  done: 0,
  unknown: 1,
  timedOut: 2,
  notFound: 3,
  network: 6,
  stopped: 7,
  diskFull: 9,
  existsAlready: 13,
  fileError: 17,
  notAllowed: 24,
  badTorrent: 26,
  badMagnet: 27,
  badOption: 28,
  dataMismatch: 32,
} as const;

const byCode: Readonly<Record<string, number>> = {
  interrupted: exitCode.stopped,
  stopped: exitCode.stopped,

  'file-missing': exitCode.notFound,
  'not-found': exitCode.notFound,
  'verify-path-missing': exitCode.notFound,
  'create-nothing': exitCode.notFound,
  'fetch-not-found': exitCode.notFound,
  ENOENT: exitCode.notFound,

  'fetch-timed-out': exitCode.timedOut,
  'fetch-not-allowed': exitCode.notAllowed,
  'fetch-too-large': exitCode.badTorrent,
  'host-not-found': exitCode.network,
  'port-in-use': exitCode.network,
  'port-not-permitted': exitCode.network,
  'address-not-available': exitCode.network,
  'listen-failed': exitCode.network,

  'disk-full': exitCode.diskFull,
  ENOSPC: exitCode.diskFull,
  EDQUOT: exitCode.diskFull,

  exists: exitCode.existsAlready,
  'already-added': exitCode.existsAlready,

  'not-a-folder': exitCode.fileError,
  'folder-not-writable': exitCode.fileError,
  'unsafe-link': exitCode.fileError,
  unreadable: exitCode.fileError,
  EACCES: exitCode.fileError,
  EPERM: exitCode.fileError,
  EISDIR: exitCode.fileError,
  ENOTDIR: exitCode.fileError,
  EROFS: exitCode.fileError,
  EIO: exitCode.fileError,

  'format-not-supported': exitCode.badTorrent,
  'data-mismatch': exitCode.dataMismatch,

  'create-piece-length': exitCode.badOption,
  'create-too-many-pieces': exitCode.badOption,
  'port-invalid': exitCode.badOption,
};

/** For families of codes, when a code has no line of its own. */
const byPrefix: readonly (readonly [prefix: string, number])[] = [
  ['option-', exitCode.badOption],
  ['metainfo-', exitCode.badTorrent],
  ['bencode-', exitCode.badTorrent],
  ['path-', exitCode.badTorrent],
  ['magnet-', exitCode.badMagnet],
  ['fetch-', exitCode.network],
  ['file-', exitCode.fileError],
  ['create-', exitCode.fileError],
  ['verify-', exitCode.fileError],
];

export function exitCodeOf(error: unknown): number {
  const code = codeOf(error);
  return byCode[code] ?? byPrefix.find(([prefix]) => code.startsWith(prefix))?.[1] ?? exitCode.unknown;
}
