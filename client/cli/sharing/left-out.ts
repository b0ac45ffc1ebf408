/** Reports torrents of a folder that are not seeded: a few by name, the rest as a count. */
import { grouped } from '../../../torrents/wording.ts';
import { codeOf } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { errorWords } from '../error-words.ts';
import { exitCode, exitCodeOf } from '../exit-codes.ts';
import type { Output } from '../screen/output.ts';

/** At most 8 are named of those found together; with -v and --json all are. */
const namedMax = 8;

export class LeftOut {
  readonly #output: Output;
  missing = 0;
  failed = 0;
  /** The exit code of the first failure. Files that are only missing are no failure. */
  code: number = exitCode.done;

  constructor(output: Output) {
    this.#output = output;
  }

  get count(): number {
    return this.missing + this.failed;
  }

  onMissing(torrent: string, why: string): void {
    this.missing++;
    this.#say(torrent, 'not-found', why);
  }

  onFailed(torrent: string, error: unknown): void {
    this.failed++;
    if (this.code === exitCode.done) this.code = exitCodeOf(error);
    this.#say(torrent, codeOf(error), errorWords(error));
  }

  /** Prints the total if some were not named, and starts the count again. */
  tellCount(): void {
    const { count } = this;
    if (count > namedMax) this.#output.remark(`Not shared: ${grouped(count)} in all (-v names them)`);
    this.missing = 0;
    this.failed = 0;
  }

  #say(torrent: string, code: string, message: string): void {
    this.#output.document({ event: 'skipped', torrent, code, message });
    const words = `Not shared: ${plain(torrent)}: ${plain(message)}`;
    if (this.count <= namedMax) this.#output.remark(words);
    else this.#output.detail(words);
  }
}
