/** The thread of integrity.ts: it makes one check, sends one answer and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { openConnection } from './connection.ts';
import { codedError } from './database-error.ts';

parentPort?.postMessage(linesOf(workerData as string));

function linesOf(path: string): string[] {
  const db = openConnection(path, 'reader');
  try {
    // Checks all but whether each index matches its table, which takes many times as long.
    const rows = db.prepare('PRAGMA quick_check(20)').all();
    return rows.map((row) => String(Object.values(row)[0])).filter((line) => line !== 'ok');
  } catch (error) {
    // Some damage makes the check itself fail.
    const { code, message } = codedError(error);
    if (code === 'database-damaged') return [message];
    throw error;
  } finally {
    db.close();
  }
}
