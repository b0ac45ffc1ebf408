/**
 * Errors about our files, with messages for users. What the system has no code for gets one of ours: `EGONE`,
 * `EREPLACED`, `ECHANGED`, `EAWAY`, `EWORKEDON`.
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

/** For a file of an earlier version. */
export function isWorkedOn(at: string): Error {
  return coded('EWORKEDON', `${at} was changed while its new version was fetched`);
}

export function isAway(at: string): Error {
  return coded('EAWAY', `${at} is on another disk than before: is its own disk connected?`);
}

export function coded(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code });
}

/** The files are not as they were, and the disk itself works. */
export function isAboutFiles({ code }: DiskTrouble): boolean {
  return ['EGONE', 'EREPLACED', 'ECHANGED'].includes(code);
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

export function troubleOf(error: unknown): DiskTrouble {
  return { code: codeOf(error) ?? 'EIO', message: (error as Error).message };
}
