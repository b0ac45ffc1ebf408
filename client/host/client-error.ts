/** Errors of the client's public functions: a stable code, what happened, and where. */
import { CodedError } from '../../torrents/coded-error.ts';
import type { DiskTrouble } from '../engine/contract.ts';
import type { ClaimHolder } from './claims/claim-files.ts';

export const clientErrorCodes = [
  'port-in-use',
  'port-not-permitted',
  'address-not-available',
  'listen-failed',
  'already-added',
  'claimed',
  'exists',
  'disk-full',
  'format-not-supported',
  'not-a-folder',
  'folder-not-writable',
  'unsafe-link',
  'not-found',
  'unreadable',
  'data-mismatch',
  'stopped',
] as const;
export type ClientErrorCode = (typeof clientErrorCodes)[number];

/**
 * For `disk-full`: the missing bytes, the bytes that other downloads will still write, and the free bytes.
 */
export interface SpaceFigures {
  readonly missingBytes: number;
  readonly promisedBytes: number;
  readonly freeBytes: number;
}

/**
 * For `exists`, what is in the way: a file that differs from the torrent's; a file that appeared later; an
 * earlier version's file that another program has changed; a file that was not compared; a hidden folder with
 * other content; a recording.
 */
export type Obstacle =
  | 'other-file'
  | 'newcomer'
  | 'worked-on'
  | 'not-compared'
  | 'hidden-folder'
  | 'recording';

export interface ClientErrorFields {
  readonly path?: string;
  readonly port?: number | undefined;
  readonly space?: SpaceFigures;
  readonly obstacle?: Obstacle;
  /** For `claimed` and `already-added`: the torrent that writes that path. */
  readonly holder?: ClaimHolder;
  /** For `claimed`: another torrent has a newly selected file, and only the selection was refused. */
  readonly isOfSelection?: boolean;
  /** For `format-not-supported`. */
  readonly missing?: 'piece-hashes' | 'file-roots';
  /** For `not-found`: the file may exist under a name in an older encoding. */
  readonly mayBeRaw?: boolean;
  /** The system's error code (such as `EROFS`), if the system refused. */
  readonly system?: string | undefined;
}

export class ClientError extends CodedError<ClientErrorCode, ClientErrorFields> {
  override readonly name: 'ClientError' | 'ClaimError' = 'ClientError';

  constructor(
    code: ClientErrorCode,
    message: string,
    { cause, ...fields }: ClientErrorFields & { readonly cause?: unknown } = {},
  ) {
    super(code, message, fields, cause);
  }

  get path(): string | undefined {
    return this.fields.path;
  }

  get space(): SpaceFigures | undefined {
    return this.fields.space;
  }
}

/** The disk refuses a write. */
export function cannotWrite(path: string, error: unknown): ClientError {
  const { code: system, message } = error as NodeJS.ErrnoException;
  const about = { path, system, cause: error };
  return new ClientError('folder-not-writable', `${path} cannot be written: ${message}`, about);
}

/** A different file lies where a file of the torrent would. */
export function differsFromTorrent(path: string): ClientError {
  const message = `${path} is there already and differs from the torrent: nothing was changed`;
  return new ClientError('exists', message, { path, obstacle: 'other-file' });
}

/** The error for a failed listen. `port` undefined: the usual ports were tried. */
export function cannotListen(
  error: NodeJS.ErrnoException,
  host: string | undefined,
  port: number | undefined,
): ClientError {
  const where = port === undefined ? 'every port from 6881 to 6899' : `port ${port}`;
  const about = { port, system: error.code, cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new ClientError('port-in-use', `${where} is in use by another program`, about);
    case 'EACCES':
      return new ClientError('port-not-permitted', `${where} needs rights this program has not`, about);
    case 'EADDRNOTAVAIL':
      return new ClientError('address-not-available', `${host} is no address of this machine`, about);
    default:
      return new ClientError('listen-failed', `cannot listen on ${where}: ${error.message}`, about);
  }
}

/** Space can be freed and disks come back, but a file or link of the user's in the way stays. */
export function isHopeless(trouble: DiskTrouble): boolean {
  return ['EEXIST', 'ELOOP', 'EWORKEDON'].includes(trouble.code);
}

export function inTheWay({ code, message }: DiskTrouble, path: string): ClientError {
  if (code === 'ELOOP') return new ClientError('unsafe-link', message, { path });
  return new ClientError('exists', message, {
    ...{ path, obstacle: code === 'EWORKEDON' ? 'worked-on' : 'newcomer' },
  });
}
