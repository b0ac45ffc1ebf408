/** Asks the user a yes-or-no question; only on a terminal. */
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Interrupted } from './interruption.ts';

/** Questions go to stderr: stdout is for data. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Any answer but yes means no. Throws Interrupted on Ctrl-C. */
export async function isYes(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = Promise.withResolvers<never>();
  lines.once('SIGINT', () => closed.reject(new Interrupted()));
  lines.once('close', () => closed.reject(new Interrupted()));
  try {
    return /^\s*y(es)?\s*$/i.test(await Promise.race([lines.question(question), closed.promise]));
  } finally {
    lines.removeAllListeners('close');
    lines.close();
  }
}
