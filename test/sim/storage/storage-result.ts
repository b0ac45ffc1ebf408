/** The result of a storage run, as data. */
import type { Failure } from '../runner/result.ts';
import { BrokenStorage } from './storage-checks.ts';

export interface StorageResult {
  readonly seed: number;
  readonly traceHash: string;
  readonly steps: number;
  readonly virtualSeconds: number;
  readonly failure: Failure | undefined;
  /** Calls of each life. */
  readonly stepsOf: readonly number[];
}

/** `others`: actions of other programs; `lastEvents`: calls, oldest first. */
export function failureOf(
  error: Error,
  others: readonly string[],
  atMs: number,
  lastEvents: readonly string[],
): Failure {
  const isRule = error instanceof BrokenStorage;
  const where = isRule ? '' : placesIn(error);
  const more = others.length === 0 ? '' : `; others: ${others.join(', ')}`;
  const checker = `storage: ${isRule ? error.checker : 'threw'}`;
  return { checker, message: `${error.message}${where}${more}`, atMs, peer: undefined, lastEvents };
}

/** The innermost stack frames in this project's code, without the machine's folders. */
function placesIn({ stack = '' }: Error): string {
  const places = [...stack.matchAll(/\/((?:client|torrents|test)\/[\w/.-]+:\d+)/g)].map((match) => match[1]);
  return places.length === 0 ? '' : ` (${places.slice(0, 6).join(' ← ')})`;
}
