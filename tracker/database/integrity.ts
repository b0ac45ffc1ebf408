/**
 * Checks a whole database for damage, in its own thread beside the program that uses it. After an unclean
 * stop SQLite has already recovered the WAL; this finds damage by the disk. A gigabyte takes seconds, so
 * callers should not wait for it.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

const workerFile = new URL(`./integrity-worker${extname(import.meta.url)}`, import.meta.url);

/** What is wrong, in SQLite's words; empty if nothing is. Rejects if the file cannot be read. */
export function findDamage(path: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { workerData: path });
    // The check does not keep a program from ending.
    worker.unref();
    worker.once('message', (lines: readonly string[]) => resolve(lines));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the check of the database ended early')));
  });
}
