/**
 * A worker thread with one connection and the stores of every module: the writer or the reader. It first
 * sends `ready` or `refused`, then answers calls. The writer takes waiting calls together.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Answer, type Call, type CallError, runBatch, runRead } from './batch.ts';
import { type ConnectionRole, openConnection } from './connection.ts';
import { codedError } from './database-error.ts';
import { migrate } from './migrations.ts';
import type { Store, StoreModule } from './store.ts';

export interface DatabaseWorkerData {
  readonly path: string;
  readonly role: ConnectionRole;
  /** Module → the URL of its StoreModule. */
  readonly rooms: readonly (readonly [room: string, url: string])[];
}

export interface CallMessage {
  readonly id: number;
  readonly room: string;
  readonly operation: string;
  readonly argument: unknown;
}

export type WorkerMessage =
  | { readonly ready: readonly (readonly [room: string, operations: readonly string[]])[] }
  | { readonly refused: CallError }
  | { readonly answers: readonly Answer[] };

/** Calls in one transaction, so that the first of them is answered soon. */
const batchCallsMax = 64;

const port = parentPort;
if (port === null) throw new Error('this file is a thread of the database');
const { path, role, rooms } = workerData as DatabaseWorkerData;
const say = (message: WorkerMessage) => port.postMessage(message);

try {
  const modules = new Map<string, StoreModule>();
  for (const [room, url] of rooms) modules.set(room, (await import(url)) as StoreModule);
  const db = openConnection(path, role);
  if (role === 'writer')
    migrate(db, new Map([...modules].map(([room, { migrations }]) => [room, migrations])));
  const stores = new Map<string, Store>(
    [...modules].map(([room, module]) => [room, role === 'writer' ? module.writes(db) : module.reads(db)]),
  );
  const callOf = ({ id, room, operation, argument }: CallMessage): Call => {
    const store = stores.get(room);
    const known = store !== undefined && Object.hasOwn(store, operation);
    return { id, operation: known ? store[operation] : undefined, argument };
  };
  port.on('message', (first: CallMessage | 'close') => {
    const calls: Call[] = [];
    let closing = first === 'close';
    if (first !== 'close') calls.push(callOf(first));
    while (!closing && calls.length < batchCallsMax) {
      const waiting = receiveMessageOnPort(port)?.message as CallMessage | 'close' | undefined;
      if (waiting === undefined) break;
      if (waiting === 'close') closing = true;
      else calls.push(callOf(waiting));
    }
    if (role === 'writer') say({ answers: runBatch(db, calls) });
    // One answer per message, so that a read does not wait for the next one.
    else for (const call of calls) say({ answers: [runRead(db, call)] });
    if (!closing) return;
    db.close();
    port.close();
  });
  say({ ready: [...stores].map(([room, store]) => [room, Object.keys(store)]) });
} catch (error) {
  const { code, message } = codedError(error);
  say({ refused: { code, message } });
  port.close();
}
