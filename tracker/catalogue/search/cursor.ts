/**
 * Where a page ended, as text that the next question brings back. In the stores it is plain; what leaves the catalogue is
 * sealed (sqlite-catalogue.ts), since its numbers count hidden releases too.
 */
import { CatalogueError } from '../catalogue-error.ts';

export function writeCursor(numbers: readonly number[]): string {
  return numbers.join(',');
}

/** As many whole numbers as the reader of the cursor expects. Throws CatalogueError `cursor-invalid`. */
export function readCursor(cursor: string, count: number): number[] {
  const numbers = cursor.length > 200 ? [] : cursor.split(',').map((text) => Number(text || Number.NaN));
  if (numbers.length === count && numbers.every((value) => Number.isSafeInteger(value) && value >= 0))
    return numbers;
  throw cursorInvalid();
}

export function cursorInvalid(): CatalogueError {
  return new CatalogueError(
    'cursor-invalid',
    'this is not where a page ended: begin again with the first one',
  );
}
