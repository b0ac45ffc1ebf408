/**
 * The one table from stable error codes to exit codes. The numbers are aria2's where they fit, so that
 * scripts written for aria2 work unchanged.
 */
import type { CreateErrorCode } from '../../torrents/create/create-error.ts';
import type { MagnetErrorCode } from '../../torrents/magnet.ts';
import type { MetainfoErrorCode } from '../../torrents/metainfo/metainfo-fields.ts';
import type { VerifyErrorCode } from '../../torrents/verify-error.ts';
import type { DatabaseErrorCode } from '../../tracker/database/database-error.ts';
import type { KeyFileErrorCode } from '../../tracker/key-file.ts';
import type { ListenErrorCode } from '../../tracker/listening.ts';
import type { RefusalCode } from '../../tracker/protocol/api/refusal-codes.ts';
import type { ShareErrorCode } from '../account/share-error.ts';
import type { OwnTrackerErrorCode } from '../account/tracker-error.ts';
import type { ClientErrorCode } from '../host/client-error.ts';
import type { WebErrorCode } from '../host/network/web-error.ts';
import type { SessionErrorCode } from '../session/session-error.ts';
import { type CliErrorCode, codeOf } from './cli-error.ts';

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

/** Error codes of the operating system. */
type SystemCode =
  | 'ENOENT'
  | 'ENOSPC'
  | 'EDQUOT'
  | 'EACCES'
  | 'EPERM'
  | 'EISDIR'
  | 'ENOTDIR'
  | 'EROFS'
  | 'EIO';
/** Codes of a tracker that this program starts. */
type StartCode =
  | DatabaseErrorCode
  | KeyFileErrorCode
  | ListenErrorCode
  | 'proxy-invalid'
  | 'public-url-invalid'
  | 'external-address-invalid';
type TorrentCode = CreateErrorCode | MagnetErrorCode | MetainfoErrorCode | VerifyErrorCode;
type AccountCode = ShareErrorCode | OwnTrackerErrorCode | RefusalCode;
type ClientCode = ClientErrorCode | SessionErrorCode | WebErrorCode | AccountCode;
/** A code without an entry in the table does not compile. */
type KnownCode = TorrentCode | ClientCode | StartCode | CliErrorCode | SystemCode | 'interrupted';

/** For families of codes. A code with its own entry in `byCode` has that number instead. */
const byPrefix = {
  'option-': exitCode.badOption,
  'metainfo-': exitCode.badTorrent,
  'bencode-': exitCode.badTorrent,
  'path-': exitCode.badTorrent,
  'magnet-': exitCode.badMagnet,
  'fetch-': exitCode.network,
  'web-': exitCode.network,
  'file-': exitCode.fileError,
  'create-': exitCode.fileError,
  'verify-': exitCode.fileError,
  'share-': exitCode.fileError,
  'private-file-': exitCode.fileError,
  'tracker-key-': exitCode.fileError,
  // A tracker whose disk or memory is full: a later try may succeed.
  'database-': exitCode.network,
} as const;

type OfFamily = `${keyof typeof byPrefix}${string}`;
type Listed = Readonly<Record<Exclude<KnownCode, OfFamily>, number>> &
  Readonly<Partial<Record<Extract<KnownCode, OfFamily>, number>>>;

const byCode: Listed = {
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
  'proxy-invalid': exitCode.badOption,
  'public-url-invalid': exitCode.badOption,
  'external-address-invalid': exitCode.badOption,
  'port-in-use': exitCode.network,
  'port-not-permitted': exitCode.network,
  'address-not-available': exitCode.network,
  'listen-failed': exitCode.network,

  'disk-full': exitCode.diskFull,
  'create-disk-full': exitCode.diskFull,
  ENOSPC: exitCode.diskFull,
  EDQUOT: exitCode.diskFull,

  exists: exitCode.existsAlready,
  'already-added': exitCode.existsAlready,
  'already-in-list': exitCode.existsAlready,
  claimed: exitCode.existsAlready,

  // Codes of the tracker that this program starts.
  'database-in-use': exitCode.fileError,
  'database-newer': exitCode.fileError,
  'database-unreadable': exitCode.fileError,
  'database-damaged': exitCode.fileError,

  'list-in-use': exitCode.fileError,
  'list-damaged': exitCode.fileError,

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

  'tracker-unknown': exitCode.notAllowed,
  'not-signed-in': exitCode.notAllowed,
  'session-invalid': exitCode.notAllowed,
  'session-old': exitCode.notAllowed,
  'sign-in-failed': exitCode.notAllowed,
  'not-allowed': exitCode.notAllowed,
  'account-banned': exitCode.notAllowed,
  'taken-down': exitCode.notAllowed,
  'awaits-approval': exitCode.notAllowed,
  'registration-closed': exitCode.notAllowed,
  'invitation-invalid': exitCode.notAllowed,
  'setup-invalid': exitCode.notAllowed,
  'last-owner': exitCode.notAllowed,
  'signature-invalid': exitCode.notAllowed,
  'private-file-readable': exitCode.notAllowed,
  'certificate-invalid': exitCode.fileError,

  'result-not-found': exitCode.notFound,
  'tracker-bare': exitCode.notFound,
  'share-missing': exitCode.notFound,
  'not-in-list': exitCode.notFound,
  'no-torrent-yet': exitCode.notFound,
  'nothing-chosen': exitCode.notFound,

  'tracker-unreachable': exitCode.network,
  'tracker-unclear': exitCode.network,
  'too-often': exitCode.network,
  'too-many-streams': exitCode.network,
  'sign-in-busy': exitCode.network,
  // Publishing: the first three may succeed later; the next three only in parts; the last one never.
  'uploads-busy': exitCode.network,
  'body-too-slow': exitCode.network,
  'length-required': exitCode.network,
  'body-too-large': exitCode.badOption,
  'body-too-complex': exitCode.badOption,
  'upload-too-costly': exitCode.badOption,
  'upload-unreadable': exitCode.badTorrent,

  'name-taken': exitCode.existsAlready,
  'key-taken': exitCode.existsAlready,
  'release-exists': exitCode.existsAlready,
  'already-published': exitCode.existsAlready,
  'version-not-next': exitCode.existsAlready,

  'release-forged': exitCode.dataMismatch,
  'torrent-invalid': exitCode.badTorrent,
  'torrent-name-hidden': exitCode.badTorrent,

  'tracker-invalid': exitCode.badOption,
  'sources-unsupported': exitCode.badOption,
  'password-missing': exitCode.badOption,
  'rights-unconfirmed': exitCode.badOption,
  'bad-request': exitCode.badOption,
  'name-invalid': exitCode.badOption,
  'key-invalid': exitCode.badOption,
  'password-invalid': exitCode.badOption,
  'text-invalid': exitCode.badOption,
  'query-invalid': exitCode.badOption,
  'role-invalid': exitCode.badOption,
  'release-invalid': exitCode.badOption,
  'release-not-private': exitCode.badOption,
  'create-over-content': exitCode.badOption,
  'create-piece-length': exitCode.badOption,
  'create-too-many-pieces': exitCode.badOption,
  'port-invalid': exitCode.badOption,

  // These codes have no exit code of their own.
  'address-too-long': exitCode.unknown,
  'credentials-missing': exitCode.unknown,
  'cursor-invalid': exitCode.unknown,
  'encoding-unknown': exitCode.unknown,
  'host-unknown': exitCode.unknown,
  internal: exitCode.unknown,
  'limit-reached': exitCode.unknown,
  'media-type-unknown': exitCode.unknown,
  'method-not-allowed': exitCode.unknown,
  'release-limit': exitCode.unknown,
};

export function exitCodeOf(error: unknown): number {
  const code = codeOf(error);
  const listed: Readonly<Record<string, number>> = byCode;
  if (Object.hasOwn(listed, code)) return listed[code] ?? exitCode.unknown;
  return Object.entries(byPrefix).find(([prefix]) => code.startsWith(prefix))?.[1] ?? exitCode.unknown;
}
