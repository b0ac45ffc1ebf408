/**
 * Cursors: where a page ended, as text that the next request sends back. The stores use them in plain text.
 * The catalogue seals those that it gives out (sqlite-catalogue.ts), since their numbers count hidden
 * releases, too.
 */
import { CatalogueError } from '../catalogue-error.ts';

export function writeCursor(numbers: readonly number[]): string {
  return numbers.join(',');
}

/** `count`: how many whole numbers the cursor must hold. Throws CatalogueError `cursor-invalid`. */
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
