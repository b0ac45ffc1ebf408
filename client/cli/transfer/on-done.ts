/**
 * `--on-done`: runs the user's own command when a download is complete. The shell parses only the user's
 * text: names from torrents are passed in environment variables, which it does not parse.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import process from 'node:process';
import { plain } from '../commands/making/torrent-summary.ts';
import type { Output } from '../screen/output.ts';

export interface DoneTorrent {
  /** The path of its folder or file. */
  readonly path: string;
  readonly name: string;
  readonly infoHash: string;
}

/** At most 64 KiB of its output are passed on. */
const printedBytesMax = 64 * 1024;

/**
 * Resolves when the command has ended. A failing command is reported, and the download still counts as
 * complete.
 */
export async function runOnDone(
  command: string,
  { path, name, infoHash }: DoneTorrent,
  signal: AbortSignal,
  output: Output,
): Promise<void> {
  const { CICADA_ON_DONE: _, ...inherited } = process.env;
  const child = spawn(command, {
    shell: true,
    cwd: dirname(path),
    env: { ...inherited, CICADA_PATH: path, CICADA_NAME: name, CICADA_INFO_HASH: infoHash },
    // Stdout may carry our documents, so the command's output goes to stderr, line by line.
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const printed: Buffer[] = [];
  let bytes = 0;
  const keep = (part: Buffer) => {
    if (bytes < printedBytesMax) printed.push(part.subarray(0, printedBytesMax - bytes));
    bytes += part.length;
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const end = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(signal.aborted ? undefined : error.message));
    child.once('close', (code, by) => resolve(code === 0 ? undefined : `ended with ${code ?? by}`));
  });
  const text = Buffer.concat(printed).toString().trimEnd();
  if (text !== '') output.remark(text.split('\n').map(plain).join('\n'));
  if (end !== undefined && !signal.aborted)
    output.remark(`--on-done: the command ${plain(end)}: ${plain(command)}`);
  output.document({ event: 'on-done', infoHash, ok: end === undefined });
}
