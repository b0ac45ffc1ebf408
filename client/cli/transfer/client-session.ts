/** A client for the time of one command: opened with its flags, closed whatever happens, and people told meanwhile. */
import { count, size } from '../../../torrents/wording.ts';
import type { Client } from '../../host/client.ts';
import { type ClientOptions, openClient } from '../../host/open-client.ts';
import type { RecordingSummary } from '../../host/recording/flight-recorder.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { stateFolder } from '../options/user-folders.ts';
import { type Output, paint, paintEveryMs } from '../screen/output.ts';
import { watch } from '../screen/watch.ts';

export interface NetworkArgs {
  readonly port?: number | undefined;
  readonly 'upload-limit'?: number | undefined;
  readonly 'download-limit'?: number | undefined;
  readonly record?: string | undefined;
}

interface SessionArgs extends NetworkArgs {
  /** What was verified is recorded, and believed the next time. */
  readonly remembers: boolean;
}

const lastWords = new WeakMap<Output, (() => void)[]>();

/** For the words that sum a command up: they are told when its client is closed. */
export function afterClosing(output: Output, tell: () => void): void {
  const all = lastWords.get(output) ?? [];
  lastWords.set(output, [...all, tell]);
}

/** Answers what `use` answers. Trackers are told before this settles, for a few seconds at most. */
export async function withClient<T>(
  args: SessionArgs,
  output: Output,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await openClient(clientOptions(args));
  try {
    return await use(client);
  } finally {
    const words = paint('dim', 'Closing: the trackers are told. Ctrl-C ends it at once.');
    await watch(client.close(), paintEveryMs, () =>
      output.live({ lines: () => [words], plain: () => words }),
    );
    output.clearLive();
    for (const tell of lastWords.get(output) ?? []) tell();
    lastWords.delete(output);
    if (client.recording !== undefined) announceRecording(client.recording, output);
  }
}

function announceRecording({ path, facts, bytes, shortfall }: RecordingSummary, output: Output): void {
  output.document({ event: 'recorded', path, facts, bytes, shortfall: shortfall ?? null });
  const story = shortfall === undefined ? '' : `; ${shortfall}`;
  output.remark(`Recorded ${count(facts, 'fact')}, ${size(bytes)}, in ${plain(path)}${story}.`);
}

function clientOptions({ port, remembers, record, ...limits }: SessionArgs): ClientOptions {
  return {
    ...(port === undefined ? {} : { port }),
    ...(record === undefined ? {} : { recordInto: record }),
    ...(remembers ? { stateFolder: stateFolder() } : {}),
    uploadBpsMax: limits['upload-limit'] ?? 0,
    downloadBpsMax: limits['download-limit'] ?? 0,
  };
}
