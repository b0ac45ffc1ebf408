/**
 * All output of the program. Data goes to stdout, progress and remarks to stderr. With `--json` stdout
 * carries only documents and nothing else is printed, so that scripts read one stream and pipes get no
 * progress bars.
 *
 * Invariant: no user name or password in a web address is printed. Left to others: what is printed (the
 * commands), how a line is painted (live-area.ts).
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

/** Lines that are repainted on a terminal, and printed now and then in a log. */
export interface LiveText {
  /** The lines for a terminal of this size; rows beyond it are cut. */
  lines(columns: number, rows: number): readonly string[];
  /** The same as plain text, mostly one line. */
  plain(): string;
}

/** Four times a second: fast enough to look alive, slow enough to be read. */
export const paintEveryMs = 250;
/** In a log: every 5 seconds shows that the program is running. */
const plainEveryMs = 5_000;

export class Output {
  #mode: OutputMode = { json: false, quiet: false, verbose: false };
  readonly #live =
    process.stderr.isTTY && process.env.TERM !== 'dumb' ? new LiveArea(process.stderr) : undefined;
  /** The first 2.5 seconds print nothing: most commands are done by then. */
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

  /** Neither `--json` nor `--quiet`: remarks are printed. */
  get speaks(): boolean {
    return !this.#mode.json && !this.#mode.quiet;
  }

  /** A result, to stdout. With `--json` the document replaces it. */
  result(text: string): void {
    if (!this.#mode.quiet) this.data(text);
  }

  /** What the user asked for, to stdout, also with `--quiet`. */
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

  /** A detail, printed only with `-v`. */
  detail(text: string): void {
    if (this.verbose) this.remark(paint('dim', text));
  }

  /** An error, printed also with `--quiet`. `fields`: more about it for scripts. */
  failure(code: string, message: string, fields: object = {}): void {
    this.clearLive();
    if (this.#mode.json) return this.document({ event: 'error', code, message, ...fields });
    // Parts of the message may come from a torrent, a tracker or a server.
    const words = message.split('\n').map((line) => displayPath([line]));
    const text = `${paint(['bold', 'red'], 'cicada:')} ${words.join('\n')}`;
    process.stderr.write(`${coloured(text, process.stderr)}\n`);
  }

  /** May be called many times a second: paints only when a repaint is due. */
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

/** Colours are always added, and removed again for a stream that does not show them. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { validateStream: false });
}

/** Node decides by `NO_COLOR`, `FORCE_COLOR` and whether the stream is a terminal. */
function coloured(text: string, stream: NodeJS.WriteStream): string {
  const shown = withoutCredentials(text);
  return styleText('reset', '', { stream }) === '' ? stripVTControlCharacters(shown) : shown;
}
