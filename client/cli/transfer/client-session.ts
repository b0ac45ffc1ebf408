/** A session for one command: opened with the command's flags, always closed, with the close reported. */
import { count, size } from '../../../torrents/wording.ts';
import type { RecordingSummary } from '../../host/recording/flight-recorder.ts';
import { openSession, type SessionOptions } from '../../session/open-session.ts';
import type { Session } from '../../session/session.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { resolvePeer } from '../options/endpoints.ts';
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
  /** Verified data is recorded, and trusted the next time. */
  readonly remembers: boolean;
}

const lastWords = new WeakMap<Output, (() => void)[]>();

/** Registers a command's summary, which is printed after its session has closed. */
export function afterClosing(output: Output, tell: () => void): void {
  const all = lastWords.get(output) ?? [];
  lastWords.set(output, [...all, tell]);
}

/**
 * Returns the result of `use`. Before it settles, `stopped` is announced to trackers, for a few seconds at
 * most.
 */
export async function withSession<T>(
  args: SessionArgs,
  output: Output,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const { session, recording } = await openSession(sessionOptions(args, output));
  try {
    return await use(session);
  } finally {
    const words = paint('dim', 'Closing: the trackers are told. Ctrl-C ends it at once.');
    await watch(session.close(), paintEveryMs, () =>
      output.live({ lines: () => [words], plain: () => words }),
    );
    output.clearLive();
    for (const tell of lastWords.get(output) ?? []) tell();
    lastWords.delete(output);
    const summary = recording();
    if (summary !== undefined) announceRecording(summary, output);
  }
}

function announceRecording({ path, facts, bytes, shortfall }: RecordingSummary, output: Output): void {
  output.document({ event: 'recorded', path, facts, bytes, shortfall: shortfall ?? null });
  const story = shortfall === undefined ? '' : `; ${shortfall}`;
  output.remark(`Recorded ${count(facts, 'fact')}, ${size(bytes)}, in ${plain(path)}${story}.`);
}

function sessionOptions({ port, remembers, record, ...limits }: SessionArgs, output: Output): SessionOptions {
  return {
    ...(port === undefined ? {} : { port }),
    ...(record === undefined ? {} : { recordInto: record }),
    ...(remembers ? { stateFolder: stateFolder() } : {}),
    uploadBpsMax: limits['upload-limit'] ?? 0,
    downloadBpsMax: limits['download-limit'] ?? 0,
    resolvePeers: (named) => resolveNamed(named, output),
  };
}

/** Peers named in a link (x.pe): an unresolvable one is not the user's fault. */
async function resolveNamed(named: readonly string[], output: Output) {
  const resolved = await Promise.allSettled(named.map((peer) => resolvePeer(peer, 'x.pe')));
  return resolved.flatMap((result) => {
    if (result.status === 'fulfilled') return [result.value];
    output.detail(plain((result.reason as Error).message));
    return [];
  });
}
