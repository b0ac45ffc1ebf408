/** What the doors of the client throw: a stable code, a sentence that says what to do, and where it happened. */
import type { DiskTrouble } from '../engine/contract.ts';

export type ClientErrorCode =
  | 'port-in-use'
  | 'port-not-permitted'
  | 'address-not-available'
  | 'listen-failed'
  | 'already-added'
  | 'claimed'
  | 'exists'
  | 'disk-full'
  | 'format-not-supported'
  | 'not-a-folder'
  | 'folder-not-writable'
  | 'unsafe-link'
  | 'not-found'
  | 'unreadable'
  | 'data-mismatch'
  | 'stopped';

/** Of `disk-full`: what is missing, what other downloads will yet take, and what is free. */
export interface SpaceFigures {
  readonly missingBytes: number;
  readonly promisedBytes: number;
  readonly freeBytes: number;
}

export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly path: string | undefined;
  readonly space: SpaceFigures | undefined;

  constructor(
    code: ClientErrorCode,
    message: string,
    options: { path?: string; cause?: unknown; space?: SpaceFigures } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ClientError';
    this.code = code;
    this.path = options.path;
    this.space = options.space;
  }
}

/** The disk refuses what has to be written there. */
export function cannotWrite(path: string, error: unknown): ClientError {
  const { message } = error as Error;
  return new ClientError('folder-not-writable', `${path} cannot be written: ${message}`, {
    path,
    cause: error,
  });
}

/** Something else lies where a file of the torrent would. */
export function differsFromTorrent(path: string): ClientError {
  return new ClientError(
    'exists',
    `${path} is there already and differs from the torrent: nothing was changed; move it away or choose another --out`,
    { path },
  );
}

/** What the system said when it would not let us listen, as something to do. `port` undefined: the usual ones. */
export function cannotListen(
  error: NodeJS.ErrnoException,
  host: string | undefined,
  port: number | undefined,
): ClientError {
  const where = port === undefined ? 'every port from 6881 to 6899' : `port ${port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return new ClientError(
        'port-in-use',
        `${where} is in use by another program: choose one with --port, or 0 for any`,
        {
          cause: error,
        },
      );
    case 'EACCES':
      return new ClientError(
        'port-not-permitted',
        `${where} needs rights this program has not: choose one above 1023`,
        {
          cause: error,
        },
      );
    case 'EADDRNOTAVAIL':
      return new ClientError('address-not-available', `${host} is no address of this machine`, {
        cause: error,
      });
    default:
      return new ClientError('listen-failed', `cannot listen on ${where}: ${error.message}`, {
        cause: error,
      });
  }
}

/** Room can be made and disks come back; a file or a link of the user's in the way stays. */
export function isHopeless(trouble: DiskTrouble): boolean {
  return ['EEXIST', 'ELOOP', 'EWORKEDON'].includes(trouble.code);
}

export function inTheWay({ code, message }: DiskTrouble, path: string): ClientError {
  if (code === 'ELOOP')
    return new ClientError('unsafe-link', `${message}: remove it or choose another --out`, { path });
  const advice = code === 'EWORKEDON' ? 'start again to have it compared' : 'move it away';
  return new ClientError('exists', `${message}: ${advice}`, { path });
}
