/** A question that a person answers with yes or no; only where there is a terminal to ask at. */
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Interrupted } from './interruption.ts';

/** Questions go to stderr: stdout is for data. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Everything but a yes is a no. Throws Interrupted when Ctrl-C answers. */
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
