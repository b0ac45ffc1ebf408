/**
 * A few lines at the bottom of a terminal that are painted over and over. Anything else that is to be printed goes
 * through `above`, so that the two never mix.
 *
 * Invariant: the cursor stands at the end of the last painted line; what is painted never wraps, because it is cut to
 * the terminal and wrapping is off while it is written. Left to others: whether there is a terminal at all.
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

  /** What a line may take. A terminal that does not know its size says 0; `^C` is to fit behind the last line. */
  get columns(): number {
    return Math.max(10, (this.#stream.columns || 80) - 3);
  }

  /** What is painted at most: one line is left for what scrolls above. */
  get rows(): number {
    return Math.max(1, (this.#stream.rows || 24) - 1);
  }

  paint(lines: readonly string[]): void {
    const fitting = lines.slice(0, this.rows).map((line) => cutToWidth(line, this.columns));
    const body = fitting.map((line) => line + clearLine).join('\n');
    this.#stream.write(wrapOff + this.#toTop() + body + clearToEnd + wrapOn);
    this.#painted = fitting;
  }

  /** Leaves nothing behind; the cursor stands where the first line was. */
  clear(): void {
    if (this.#painted.length === 0) return;
    this.#stream.write(this.#toTop() + clearToEnd);
    this.#painted = [];
  }

  /** Takes the lines away while something is printed, and puts them back below it. */
  above(print: () => void): void {
    const painted = this.#painted;
    this.clear();
    print();
    if (painted.length > 0) this.paint(painted);
  }

  /** A terminal that has become narrower since has wrapped what was painted. */
  #toTop(): string {
    const columns = this.#stream.columns || 80;
    const rows = this.#painted.map((line) => Math.max(1, Math.ceil(textWidth(line) / columns)));
    const up = rows.reduce((sum, count) => sum + count, 0) - 1;
    return up > 0 ? `\r\x1b[${up}A` : '\r';
  }
}
