/**
 * The main thread's side of a database worker: each call is sent with a number and returns a promise. Pending
 * calls are limited, so that a flood is refused at once instead of filling memory. When the thread ends, all
 * pending and later calls fail with `database-stopped`.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ConnectionRole } from './connection.ts';
import { DatabaseError } from './database-error.ts';
import type { CallMessage, DatabaseWorkerData, WorkerMessage } from './database-worker.ts';
import type { Operation } from './store.ts';

const workerFile = new URL(`./database-worker${extname(import.meta.url)}`, import.meta.url);

export interface WorkerLine {
  /** Module → operation → its call. */
  readonly rooms: ReadonlyMap<string, Readonly<Record<string, (argument?: unknown) => Promise<unknown>>>>;
  /** Waits for pending calls. */
  close(): Promise<void>;
}

export interface WorkerLineOptions {
  readonly pendingMax: number;
  /** Called when the thread ended unexpectedly. */
  readonly onFault: (error: Error) => void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Rejects with DatabaseError or a migration's error if the database cannot be opened. */
export async function openWorkerLine(
  data: DatabaseWorkerData,
  options: WorkerLineOptions,
): Promise<WorkerLine> {
  const worker = new Worker(workerFile, { workerData: data });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let over: Error | undefined;
  let closing = false;

  function end(error: Error): void {
    if (over !== undefined) return;
    over = error;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    if (!closing) options.onFault(error);
  }

  const call = (room: string, operation: string, argument: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (over !== undefined || closing) return reject(over ?? stopped(data.role));
      if (pending.size >= options.pendingMax) {
        const message = `${pending.size} calls wait for the database already: try again in a moment`;
        return reject(new DatabaseError('database-overloaded', message));
      }
      const id = ++lastId;
      pending.set(id, { resolve, reject });
      worker.postMessage({ id, room, operation, argument } satisfies CallMessage);
    });

  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.on('error', (error) => end(new DatabaseError('database-stopped', error.message, { cause: error })));
  worker.on('exit', () => end(stopped(data.role)));
  const rooms = await new Promise<WorkerLine['rooms']>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (message: WorkerMessage) => {
      if ('refused' in message) {
        closing = true;
        return reject(remoteError(message.refused.code, message.refused.message));
      }
      if ('ready' in message) return resolve(callTable(message.ready, call));
      for (const answer of message.answers) {
        const waiting = pending.get(answer.id);
        pending.delete(answer.id);
        if (answer.error === undefined) waiting?.resolve(answer.value);
        else waiting?.reject(remoteError(answer.error.code, answer.error.message));
      }
    });
  });
  return {
    rooms,
    async close() {
      if (!closing && over === undefined) {
        closing = true;
        worker.postMessage('close');
      }
      await ended;
    },
  };
}

function callTable(
  ready: readonly (readonly [string, readonly string[]])[],
  call: (room: string, operation: string, argument: unknown) => Promise<unknown>,
): WorkerLine['rooms'] {
  const table = (room: string, operations: readonly string[]): Readonly<Record<string, Operation>> =>
    Object.fromEntries(operations.map((name) => [name, (argument: unknown) => call(room, name, argument)]));
  return new Map(ready.map(([room, operations]) => [room, table(room, operations)])) as WorkerLine['rooms'];
}

/** An error's class is lost between threads, so callers look at the code. */
function remoteError(code: string, message: string): Error {
  if (code.startsWith('database-')) return new DatabaseError(code as DatabaseError['code'], message);
  return Object.assign(new Error(message), { code });
}

function stopped(role: ConnectionRole): DatabaseError {
  return new DatabaseError('database-stopped', `the database is closed (${role})`);
}
