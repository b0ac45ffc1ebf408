/**
 * An open database: one writer and one reader, each in its own thread, so that the main thread, which answers
 * announces, never waits for the disk. Modules bring their stores (store.ts) and call them here.
 *
 * Invariant: a write that was answered is on the disk, even after kill -9 or a power cut. One process at a
 * time; a second one is refused.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolders } from '../../torrents/make-folders.ts';
import { codedError, DatabaseError } from './database-error.ts';
import type { Calls, Store } from './store.ts';
import { openWorkerLine, type WorkerLine } from './worker-line.ts';

export interface DatabaseOptions {
  /** The file. If missing, it is made with its folder, readable by its owner only. */
  readonly path: string;
  /** Module → URL of its StoreModule, ordered so that tables come after those they refer to. */
  readonly rooms: Readonly<Record<string, URL>>;
  /** Called when a worker ended unexpectedly. All calls to it fail from then on: the program should stop. */
  readonly onFault?: (error: Error) => void;
}

export interface Database {
  /** The previous process did not close the file. No acknowledged write is lost; see integrity.ts. */
  readonly afterUncleanStop: boolean;
  writes<S extends Store>(room: string): Calls<S>;
  reads<S extends Store>(room: string): Calls<S>;
  /** Waits for pending calls. */
  close(): Promise<void>;
}

/** A second of publications on a slow disk. Further calls fail with `database-overloaded`. */
const pendingWritesMax = 1_000;
/** A search takes some milliseconds, so that users would give up waiting behind a longer queue. */
const pendingReadsMax = 500;

/** Rejects with DatabaseError. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { path, onFault = (error) => console.error(error) } = options;
  const owner = takeFile(path);
  // SQLite removes the WAL when the last connection closes, so one that is left has content.
  const afterUncleanStop = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const rooms = Object.entries(options.rooms).map(([room, url]) => [room, url.href] as const);
  let writer: WorkerLine | undefined;
  let reader: WorkerLine;
  try {
    writer = await openWorkerLine({ path, role: 'writer', rooms }, { pendingMax: pendingWritesMax, onFault });
    reader = await openWorkerLine({ path, role: 'reader', rooms }, { pendingMax: pendingReadsMax, onFault });
  } catch (error) {
    await writer?.close();
    owner.close();
    throw error;
  }
  const callsOf = <S extends Store>(line: WorkerLine, room: string): Calls<S> => {
    const calls = line.rooms.get(room);
    if (calls === undefined) throw new TypeError(`the database was opened without a room called ${room}`);
    return calls as Calls<S>;
  };
  const close = async () => {
    await reader.close();
    // The last connection: it moves the WAL into the file and removes it.
    await writer.close();
    owner.close();
  };
  let closed: Promise<void> | undefined;
  return {
    afterUncleanStop,
    writes: (room) => callsOf(writer, room),
    reads: (room) => callsOf(reader, room),
    close: () => (closed ??= close()),
  };
}

/**
 * Locks the file until the lock is closed or the process ends: an exclusive lock on a database beside it,
 * which the system releases with the process.
 */
function takeFile(path: string): { close(): void } {
  makeFolderOf(path);
  try {
    // The file contains password hashes. SQLite gives WAL and index the same mode.
    closeSync(openSync(path, 'a', 0o600));
    const owner = new DatabaseSync(`${path}.lock`, { timeout: 0 });
    try {
      owner.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch (error) {
      owner.close();
      throw error;
    }
    return owner;
  } catch (error) {
    const coded = codedError(error);
    if (coded.code === 'database-busy') {
      throw new DatabaseError(
        'database-in-use',
        `${path} is in use by another tracker: stop that one first`,
        {
          cause: error,
        },
      );
    }
    const code = coded instanceof DatabaseError ? coded.code : 'database-unreadable';
    throw new DatabaseError(code, `${path} cannot be used: ${coded.message}`, { cause: error });
  }
}

function makeFolderOf(path: string): void {
  const folder = dirname(path);
  try {
    makeFolders(folder, 0o700);
  } catch (error) {
    const { code, message } = codedError(error);
    const { code: system = message } = error as NodeJS.ErrnoException;
    throw new DatabaseError(
      code === 'database-full' ? code : 'database-unreadable',
      `the folder ${folder} cannot be made (${system}): name one on a disk that can be written`,
      { cause: error },
    );
  }
}
