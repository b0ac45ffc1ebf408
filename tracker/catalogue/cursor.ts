/** Where a page ended, as text that the next question brings back. Whatever comes back is checked: anybody can make one. */
import { CatalogueError } from './catalogue-error.ts';

/** As many whole numbers as the reader of the cursor expects. */
export function writeCursor(numbers: readonly number[]): string {
  return Buffer.from(numbers.join(',')).toString('base64url');
}

/** Throws CatalogueError `cursor-invalid`. */
export function readCursor(cursor: string, count: number): number[] {
  const numbers =
    cursor.length > 200 ? [] : Buffer.from(cursor, 'base64url').toString('latin1').split(',').map(Number);
  if (numbers.length === count && numbers.every((value) => Number.isSafeInteger(value) && value >= 0))
    return numbers;
  throw new CatalogueError(
    'cursor-invalid',
    'this is not where a page ended: begin again with the first one',
  );
}
