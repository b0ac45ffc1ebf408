/**
 * Group commit: calls that wait at the same time run in one transaction and share one fsync. They are
 * answered after its commit. Each runs in its own savepoint, so that a failed call undoes only itself.
 *
 * Invariant: an answer without an error is on the disk.
 */
import type { DatabaseSync } from 'node:sqlite';
import { codedError } from './database-error.ts';
import type { Operation } from './store.ts';

export interface Call {
  readonly id: number;
  readonly operation: Operation | undefined;
  readonly argument: unknown;
}

export type Answer =
  | { readonly id: number; readonly value: unknown; readonly error?: undefined }
  | { readonly id: number; readonly error: CallError };

/** An error on its way to another thread. Its class is lost there. */
export interface CallError {
  readonly code: string;
  readonly message: string;
}

/** One answer per call, in the same order. */
export function runBatch(db: DatabaseSync, calls: readonly Call[]): Answer[] {
  const answers: Answer[] = [];
  while (answers.length < calls.length) answers.push(...runTransaction(db, calls.slice(answers.length)));
  return answers;
}

/**
 * Answers at least the first call. It answers the others too, unless a serious fault (disk full, I/O) rolled
 * the transaction back.
 */
function runTransaction(db: DatabaseSync, calls: readonly Call[]): Answer[] {
  const answers: Answer[] = [];
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    return [failed(calls[0]!.id, error)];
  }
  for (const call of calls) {
    const answer = runInSavepoint(db, call);
    answers.push(answer);
    if (!db.isTransaction) return answers.map(({ id }) => ({ id, error: answer.error! }));
  }
  try {
    db.exec('COMMIT');
    return answers;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    return answers.map((answer) => (answer.error === undefined ? failed(answer.id, error) : answer));
  }
}

/** Runs a call that only reads. All its reads see the same snapshot of the database. */
export function runRead(db: DatabaseSync, call: Call): Answer {
  db.exec('BEGIN');
  try {
    return { id: call.id, value: run(call) };
  } catch (error) {
    return failed(call.id, error);
  } finally {
    if (db.isTransaction) db.exec('COMMIT');
  }
}

function runInSavepoint(db: DatabaseSync, call: Call): Answer {
  db.exec('SAVEPOINT one_call');
  try {
    const value = run(call);
    db.exec('RELEASE one_call');
    return { id: call.id, value };
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK TO one_call; RELEASE one_call');
    return failed(call.id, error);
  }
}

function run({ operation, argument }: Call): unknown {
  if (operation === undefined) throw new TypeError('there is no such operation');
  const value = operation(argument);
  if (value instanceof Promise) throw new TypeError('an operation waits: stores are synchronous');
  return value;
}

function failed(id: number, error: unknown): Answer {
  const { code, message } = codedError(error);
  return { id, error: { code, message } };
}
