/**
 * Moves of a transfer's files, as part of its settings. Pure.
 *
 * Invariant: a folder into which a move has begun may hold some of the files. It stays in the settings until
 * that move has ended, even if the user names another folder before then. It is written to the list before
 * the first file is moved.
 */
import type { TransferSettings } from './transfer-settings.ts';

type Placement = Pick<TransferSettings, 'place' | 'moveInto' | 'moveBegun'>;

/** The user wants the files in another folder. */
export function wishedInto({ place, moveBegun }: Placement, into: string): Partial<TransferSettings> {
  return { moveInto: into === place && moveBegun === undefined ? undefined : into };
}

/** The folder of the next move. A move that has begun is finished before another begins. */
export function moveTarget({ moveInto, moveBegun }: Placement): string | undefined {
  return moveBegun ?? moveInto;
}

/** A move has ended, and the files are in `place` now. After a failure, that is where they were. */
export function placedIn({ moveInto, moveBegun }: Placement, place: string): Partial<TransferSettings> {
  const isDone = moveInto === moveBegun || moveInto === place;
  return { place, moveBegun: undefined, moveInto: isDone ? undefined : moveInto };
}
