/** Sizes and rates as people type them: `1MiB`, `500 kB/s`, `2M`, `16384`. */
import { badOption } from '../cli-error.ts';

/**
 * `kB` and `MB` are powers of 1000, `KiB` and `MiB` of 1024. A bare letter is a power of 1024, as in aria2
 * and mktorrent.
 */
const bytesOf: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  kb: 1000,
  mb: 1000 ** 2,
  gb: 1000 ** 3,
};

/** Whole bytes. `what` names the option in the message. */
export function parseSize(text: string, what: string): number {
  const bytes = bytesIn(text);
  if (bytes !== undefined) return bytes;
  throw badOption(`${what}: "${text}" is not a size; give it like 1MiB, 500kB or 16384`);
}

/** Bytes per second; 0 means no limit. `/s` is optional. */
export function parseRate(text: string, what: string): number {
  const bytes = bytesIn(text.replace(/\/s$/i, ''));
  if (bytes !== undefined) return bytes;
  throw badOption(`${what}: "${text}" is not a rate; give it like 1MiB/s, 500kB/s or 0 for no limit`);
}

function bytesIn(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([a-z]{0,3})$/i.exec(text.trim());
  const unit = match === null ? undefined : bytesOf[match[2]!.toLowerCase()];
  if (match === null || unit === undefined) return undefined;
  const bytes = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
