/** Writes everything that a tracker keeps of an account into a file: all of it, or no file. */
import { once } from 'node:events';
import process from 'node:process';
import { writeWhole } from '../../../../torrents/whole-file.ts';
import { count } from '../../../../torrents/wording.ts';
import type { TrackerAccount } from '../../../account/account.ts';
import { CliError } from '../../cli-error.ts';
import { exitCode } from '../../exit-codes.ts';
import type { Output } from '../../screen/output.ts';
import { plain } from '../making/torrent-summary.ts';

/** The size of the end that is kept: it holds the last line, which says that the export is complete. */
const tailBytes = 200;

export async function exportAccount(
  account: TrackerAccount,
  file: string | undefined,
  force: boolean,
  output: Output,
): Promise<number> {
  let tail = Buffer.alloc(0);
  const keepTail = (part: Uint8Array) => {
    tail = Buffer.concat([tail, part.subarray(-tailBytes)]).subarray(-tailBytes);
  };
  const stream = account.stream('/accounts/me/export');
  if (file === undefined) {
    for await (const part of stream) {
      keepTail(part);
      if (!process.stdout.write(part)) await once(process.stdout, 'drain');
    }
    endOf(tail);
    return exitCode.done;
  }
  // Only the owner may read the file: it holds messages that others wrote to them.
  const options = { mode: 0o600, replace: force };
  const written = await writeWhole<number>(file, write, options).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CliError('exists', `${plain(file)} is there already: --force writes in its place`, error);
  });
  const lines = written ?? 0;
  output.document({ event: 'account-exported', path: file, lines });
  output.result(`${plain(file)}: ${count(lines, 'line')}`);
  return exitCode.done;

  async function write(handle: { writeFile(data: Uint8Array): Promise<void> }): Promise<number> {
    for await (const part of stream) {
      keepTail(part);
      await handle.writeFile(part);
    }
    return endOf(tail);
  }
}

/** Throws CliError `tracker-unclear` when the last line is missing. */
function endOf(tail: Buffer): number {
  const last = tail.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
  const lines = /^\{"kind":"end","lines":(\d{1,15})\}$/.exec(last)?.[1];
  if (lines !== undefined) return Number(lines);
  throw new CliError('tracker-unclear', 'the export ended before its end: nothing is kept of it; try again');
}
