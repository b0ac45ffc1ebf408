/**
 * A database that is open: one writer and one reader, each in a thread of its own, so that the main thread, where
 * announces are answered, never waits for the disk. Rooms bring their stores as modules (store.ts) and call them here.
 *
 * Invariant: a write that was answered is on the disk, also after kill -9 or a power cut. One process at a time: a
 * second one is refused.
 */
import { closeSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolders } from '../../torrents/make-folders.ts';
import { codedError, DatabaseError } from './database-error.ts';
import type { Calls, Store } from './store.ts';
import { openWorkerLine, type WorkerLine } from './worker-line.ts';

export interface DatabaseOptions {
  /** The file; made with its folder when it is not there, readable by its owner only. */
  readonly path: string;
  /** Room → URL of its StoreModule, in the order in which their tables depend on each other. */
  readonly rooms: Readonly<Record<string, URL>>;
  /** A worker ended by itself: nothing is answered any more, and the program had better stop. */
  readonly onFault?: (error: Error) => void;
}

export interface Database {
  /** The program before us did not close the file. Nothing acknowledged is lost by that; see integrity.ts. */
  readonly afterUncleanStop: boolean;
  writes<S extends Store>(room: string): Calls<S>;
  reads<S extends Store>(room: string): Calls<S>;
  /** After the calls that are under way. */
  close(): Promise<void>;
}

/** A second of publications on a slow disk; whoever comes later is told to come again. */
const pendingWritesMax = 1_000;
/** At some milliseconds a search, a queue this long is a wait that nobody sits through. */
const pendingReadsMax = 500;

/** Rejects with DatabaseError. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { path, onFault = (error) => console.error(error) } = options;
  const owner = takeFile(path);
  // SQLite removes the log when the last connection closes; one that is still there has things in it.
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
    // The last connection: it brings the log into the file and removes it.
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
 * The file is ours until this is closed, or the process ends in any way: an exclusive lock on a database beside it,
 * which the system drops with the process.
 */
function takeFile(path: string): { close(): void } {
  makeFolderOf(path);
  try {
    // It holds what passwords are checked against; SQLite gives its log and index the same mode.
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
