/**
 * Where the files of a transfer are to lie, as its settings say it. Pure.
 *
 * Invariant: a folder into which a move has begun may hold some of the files. It stays in the settings until that move has
 * ended, also when another folder is wished for by then, and the list has it before the first file is moved.
 */
import type { TransferSettings } from './transfer-settings.ts';

type Placement = Pick<TransferSettings, 'place' | 'moveInto' | 'moveBegun'>;

/** The user wants its files in another folder. */
export function wishedInto({ place, moveBegun }: Placement, into: string): Partial<TransferSettings> {
  return { moveInto: into === place && moveBegun === undefined ? undefined : into };
}

/** The next move: the one that has begun is ended before another begins. */
export function moveTarget({ moveInto, moveBegun }: Placement): string | undefined {
  return moveBegun ?? moveInto;
}

/** A move has ended, and the files lie in `place` now: after a failure where they were. */
export function placedIn({ moveInto, moveBegun }: Placement, place: string): Partial<TransferSettings> {
  const isDone = moveInto === moveBegun || moveInto === place;
  return { place, moveBegun: undefined, moveInto: isDone ? undefined : moveInto };
}
