/**
 * Looks through a whole database for damage, in a thread of its own beside the program that uses it. After an unclean
 * stop SQLite has already put back what the log holds; this looks for what a disk has done. A gigabyte takes seconds,
 * so nobody waits for it.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

const workerFile = new URL(`./integrity-worker${extname(import.meta.url)}`, import.meta.url);

/** What is wrong, in SQLite's words; empty when nothing is. Rejects when the file cannot be read. */
export function findDamage(path: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerFile, { workerData: path });
    // It must not keep a program alive that is done.
    worker.unref();
    worker.once('message', (lines: readonly string[]) => resolve(lines));
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the check of the database ended early')));
  });
}
