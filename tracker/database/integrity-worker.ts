/** The thread behind integrity.ts: one check, one answer, and it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { openConnection } from './connection.ts';

const db = openConnection(workerData as string, 'reader');
try {
  // Everything but whether each index holds what its table does, which takes many times as long.
  const lines = db.prepare('PRAGMA quick_check(20)').all();
  parentPort!.postMessage(lines.map((row) => String(Object.values(row)[0])).filter((line) => line !== 'ok'));
} finally {
  db.close();
}
