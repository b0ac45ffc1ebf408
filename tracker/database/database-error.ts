/**
 * The errors of the database, and which SQLite errors become which. Errors of a store with their own `code`
 * pass through unchanged.
 */
export type DatabaseErrorCode =
  | 'database-in-use'
  | 'database-newer'
  | 'database-sqlite-too-old'
  | 'database-unreadable'
  | 'database-full'
  | 'database-busy'
  | 'database-damaged'
  | 'database-failed'
  | 'database-overloaded'
  | 'database-stopped';

export class DatabaseError extends Error {
  readonly code: DatabaseErrorCode;

  constructor(code: DatabaseErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.name = 'DatabaseError';
    this.code = code;
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that the operator can do something about. */
const codeOfResult: ReadonlyMap<number, readonly [DatabaseErrorCode, string]> = new Map([
  [5, ['database-busy', 'another program holds the database: stop it and try again']],
  [8, ['database-unreadable', 'the database cannot be written: check the rights of its file and folder']],
  [10, ['database-unreadable', 'the disk of the database answers with an error']],
  [11, ['database-damaged', 'the database is damaged: restore its last copy']],
  [
    13,
    [
      'database-full',
      'the disk of the tracker is full: its owner has to make room, nothing that was acknowledged is lost',
    ],
  ],
  [14, ['database-unreadable', 'the database cannot be opened: check the rights of its file and folder']],
  [26, ['database-damaged', 'the file is no database: move it away, or name another one']],
]);

/** System errors of the files beside the database, for instance when the disk is full. */
const codeOfSystem: ReadonlyMap<string, DatabaseErrorCode> = new Map([
  ['ENOSPC', 'database-full'],
  ['EDQUOT', 'database-full'],
  ...['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'EIO'].map(
    (code) => [code, 'database-unreadable'] as const,
  ),
]);

/** Turns anything that was thrown into an error with a stable `code`. */
export function codedError(error: unknown): Error & { readonly code: string } {
  if (!(error instanceof Error)) return new DatabaseError('database-failed', String(error));
  const { code, errcode } = error as { code?: unknown; errcode?: unknown };
  const system = typeof code === 'string' ? codeOfSystem.get(code) : undefined;
  if (system !== undefined) return systemError(system, error);
  if (code !== 'ERR_SQLITE_ERROR' && typeof code === 'string') return error as Error & { code: string };
  // The lowest byte of the extended code is the primary code.
  const known = typeof errcode === 'number' ? codeOfResult.get(errcode & 0xff) : undefined;
  if (known === undefined) return new DatabaseError('database-failed', error.message, { cause: error });
  return new DatabaseError(known[0], `${known[1]} (${error.message})`, { cause: error });
}

function systemError(code: DatabaseErrorCode, cause: NodeJS.ErrnoException): DatabaseError {
  const words =
    code === 'database-full' ? 'the disk of the tracker is full: its owner has to make room' : cause.message;
  return new DatabaseError(code, words, { cause });
}
