/**
 * A few lines at the bottom of a terminal that are repainted. All other output goes through `above`, so that
 * the two never mix.
 *
 * Invariant: the cursor is at the end of the last painted line; painted lines never wrap, because they are
 * cut to the terminal's width and wrapping is off while they are written. Left to others: whether there is a
 * terminal at all.
 */
import type { WriteStream } from 'node:tty';
import { cutToWidth, textWidth } from './text-width.ts';

const clearToEnd = '\x1b[J';
const clearLine = '\x1b[K';
const wrapOff = '\x1b[?7l';
const wrapOn = '\x1b[?7h';

export class LiveArea {
  readonly #stream: WriteStream;
  #painted: readonly string[] = [];

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  /**
   * The longest line. A terminal of unknown size reports 0. Three columns stay free, so that `^C` fits after
   * the last line.
   */
  get columns(): number {
    return Math.max(10, (this.#stream.columns || 80) - 3);
  }

  /** The most lines that are painted: one line stays for the output above. */
  get rows(): number {
    return Math.max(1, (this.#stream.rows || 24) - 1);
  }

  paint(lines: readonly string[]): void {
    const fitting = lines.slice(0, this.rows).map((line) => cutToWidth(line, this.columns));
    const body = fitting.map((line) => line + clearLine).join('\n');
    this.#stream.write(wrapOff + this.#toTop() + body + clearToEnd + wrapOn);
    this.#painted = fitting;
  }

  /** Removes the painted lines; the cursor is then where the first line was. */
  clear(): void {
    if (this.#painted.length === 0) return;
    this.#stream.write(this.#toTop() + clearToEnd);
    this.#painted = [];
  }

  /** Removes the lines, prints, and paints them again below. */
  above(print: () => void): void {
    const painted = this.#painted;
    this.clear();
    print();
    if (painted.length > 0) this.paint(painted);
  }

  /** A terminal that became narrower has wrapped the painted lines. */
  #toTop(): string {
    const columns = this.#stream.columns || 80;
    const rows = this.#painted.map((line) => Math.max(1, Math.ceil(textWidth(line) / columns)));
    const up = rows.reduce((sum, count) => sum + count, 0) - 1;
    return up > 0 ? `\r\x1b[${up}A` : '\r';
  }
}
