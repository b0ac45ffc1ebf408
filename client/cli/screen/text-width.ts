/** How many columns of a terminal a text takes, precise enough to cut a line: wide characters count two. */
import { stripVTControlCharacters } from 'node:util';

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const invisible = /^[\p{M}\p{Cf}]$/u;

function columnsOf(char: string): number {
  if (invisible.test(char)) return 0;
  return wide.test(char) ? 2 : 1;
}

/** Colour sequences count zero. */
export function textWidth(text: string): number {
  let columns = 0;
  for (const char of stripVTControlCharacters(text)) columns += columnsOf(char);
  return columns;
}

/** The text itself when it fits, else its beginning and `…`. Colours are kept, and reset at the cut. */
export function cutToWidth(text: string, columnsMax: number): string {
  if (textWidth(text) <= columnsMax) return text;
  let kept = '';
  let columns = 0;
  for (const [part, colour] of text.matchAll(/(\x1b\[[0-9;]*m)|./gsu)) {
    if (colour !== undefined) kept += colour;
    else if (columns + columnsOf(part) < columnsMax) {
      kept += part;
      columns += columnsOf(part);
    } else {
      return `${kept}…${kept.includes('\x1b') ? '\x1b[0m' : ''}`;
    }
  }
  return kept;
}

/** Padded with spaces to a width; cut when too long. */
export function padToWidth(text: string, columns: number): string {
  const cut = cutToWidth(text, columns);
  return cut + ' '.repeat(Math.max(0, columns - textWidth(cut)));
}
