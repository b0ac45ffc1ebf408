/**
 * What has become of a file that was ours, in words for people and a code of our own: `EGONE`, `EREPLACED`,
 * `ECHANGED`, `EAWAY`, `EWORKEDON`. What is the system's keeps the system's code.
 */
import type { DiskTrouble } from '../../engine/contract.ts';

export function isGone(at: string): Error {
  return coded('EGONE', `${at} is not there any more`);
}

export function isAnother(at: string): Error {
  return coded('EREPLACED', `${at} is another file than before`);
}

export function isALink(at: string): Error {
  return coded('ELOOP', `${at} is a link that leads elsewhere`);
}

export function isTaken(at: string): Error {
  return coded('EEXIST', `${at} is there already`);
}

/** Of an earlier version's file. */
export function isWorkedOn(at: string): Error {
  return coded('EWORKEDON', `${at} was changed while its new version was fetched`);
}

export function isAway(at: string): Error {
  return coded('EAWAY', `${at} is on another disk than before: is its own disk connected?`);
}

export function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}

/** The files are not as they were. The disk itself does what it should. */
export function isAboutFiles({ code }: DiskTrouble): boolean {
  return ['EGONE', 'EREPLACED', 'ECHANGED'].includes(code);
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

export function troubleOf(error: unknown): DiskTrouble {
  return { code: codeOf(error) ?? 'EIO', message: (error as Error).message };
}
