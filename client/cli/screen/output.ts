/**
 * Where everything the program says goes. Data goes to stdout, progress and remarks to stderr; with `--json` stdout
 * carries documents and nothing else is said, so that a script reads one stream and a pipe never meets a bar.
 *
 * Invariant: no name or password that stands in a web address is said.
 * Left to others: what is said (the commands), how a line is painted (live-area.ts).
 */
import process from 'node:process';
import { stripVTControlCharacters, styleText } from 'node:util';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { withoutCredentials } from '../../host/network/web-credentials.ts';
import { LiveArea } from './live-area.ts';

export interface OutputMode {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export type Style = Parameters<typeof styleText>[0];

/** A line that is painted over on a terminal, and printed now and then where there is none. */
export interface LiveText {
  /** The lines for a terminal that is so large; the last rows are cut when there are more. */
  lines(columns: number, rows: number): readonly string[];
  /** The same in plain words, mostly one line. */
  plain(): string;
}

/** Fast enough to look alive, slow enough to be read. */
export const paintEveryMs = 250;
/** In a log: often enough to see that it goes on. */
const plainEveryMs = 5_000;

export class Output {
  #mode: OutputMode = { json: false, quiet: false, verbose: false };
  readonly #live =
    process.stderr.isTTY && process.env.TERM !== 'dumb' ? new LiveArea(process.stderr) : undefined;
  /** Nothing is worth a line in the first seconds: most things are over by then. */
  #plainPrintedMs = performance.now() - plainEveryMs / 2;
  #plainPrinted = '';

  configure(mode: OutputMode): void {
    this.#mode = mode;
  }

  get json(): boolean {
    return this.#mode.json;
  }

  get isLive(): boolean {
    return this.#live !== undefined && this.speaks;
  }

  get verbose(): boolean {
    return this.#mode.verbose && this.speaks;
  }

  /** Neither `--json` nor `--quiet`: there is somebody to talk to. */
  get speaks(): boolean {
    return !this.#mode.json && !this.#mode.quiet;
  }

  /** What has been done, to stdout. With `--json` the document stands for it. */
  result(text: string): void {
    if (!this.#mode.quiet) this.data(text);
  }

  /** What was asked to be told, to stdout, also when quiet. */
  data(text: string): void {
    if (!this.#mode.json) this.#above(() => process.stdout.write(`${coloured(text, process.stdout)}\n`));
  }

  /** One document on one line, to stdout, only with `--json`. */
  document(value: object): void {
    if (this.#mode.json) process.stdout.write(`${withoutCredentials(JSON.stringify(value))}\n`);
  }

  /** A remark, to stderr. */
  remark(text: string): void {
    if (this.speaks) this.#above(() => process.stderr.write(`${coloured(text, process.stderr)}\n`));
  }

  /** A remark for those who want to know more (`-v`). */
  detail(text: string): void {
    if (this.verbose) this.remark(paint('dim', text));
  }

  /** What went wrong; said also when quiet. `fields`: more of it for scripts. */
  failure(code: string, message: string, fields: object = {}): void {
    this.clearLive();
    if (this.#mode.json) return this.document({ event: 'error', code, message, ...fields });
    // Parts of it may come from a torrent, a tracker or a server.
    const words = message.split('\n').map((line) => displayPath([line]));
    const text = `${paint(['bold', 'red'], 'cicada:')} ${words.join('\n')}`;
    process.stderr.write(`${coloured(text, process.stderr)}\n`);
  }

  /** To be called as often as one likes, a few times a second: it prints when it is time to. */
  live(text: LiveText): void {
    if (!this.speaks) return;
    if (this.#live !== undefined) {
      const lines = text.lines(this.#live.columns, this.#live.rows);
      return this.#live.paint(lines.map((line) => coloured(line, process.stderr)));
    }
    const nowMs = performance.now();
    if (nowMs - this.#plainPrintedMs < plainEveryMs) return;
    const line = text.plain();
    if (line === this.#plainPrinted) return;
    this.#plainPrintedMs = nowMs;
    this.#plainPrinted = line;
    process.stderr.write(`${withoutCredentials(stripVTControlCharacters(line))}\n`);
  }

  clearLive(): void {
    this.#live?.clear();
  }

  #above(print: () => void): void {
    if (this.#live === undefined) print();
    else this.#live.above(print);
  }
}

/** Colours are put in always, and taken out again for a stream that does not show them. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false });
}

/** `NO_COLOR`, `FORCE_COLOR` and whether it is a terminal: Node decides. */
function coloured(text: string, stream: NodeJS.WriteStream): string {
  const shown = withoutCredentials(text);
  return styleText('reset', '', { stream }) === '' ? stripVTControlCharacters(shown) : shown;
}
