/** Seeds until Ctrl-C or a limit: for `seed`, `share` and `download --seed`. */
import { count, duration, grouped, rate, size } from '../../../torrents/wording.ts';
import { noteSharing } from '../../session/machine/sharing-now.ts';
import { noSeedLimits, reachedLimit, type SeedLimits } from '../../session/transfers/seed-limits.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import { limitWords } from '../options/seed-limits.ts';
import { stateFolder } from '../options/user-folders.ts';
import { aborted } from '../screen/interruption.ts';
import { type LiveText, type Output, paint, paintEveryMs } from '../screen/output.ts';
import { watch } from '../screen/watch.ts';
import { withAnnounceKey } from '../swarm-view/announce-key.ts';
import { sourceTable, sourceWords } from '../swarm-view/source-table.ts';
import { trackerWords } from '../swarm-view/waiting-reason.ts';
import { afterClosing } from './client-session.ts';
import { announceProgress } from './transfer-figures.ts';

/** Twice a second: the engine's rates change no faster. */
export const announceEveryMs = 500;

/** Reading one torrent's state takes about 50 microseconds, so thousands of torrents are read less often. */
const lookMsEach = 1;

/**
 * Resolves when the signal is aborted or a limit is reached, after it has reported the upload. `isSummed`:
 * scripts get only sums.
 */
export async function seedUntil(
  signal: AbortSignal,
  transfers: readonly Transfer[],
  output: Output,
  limits: SeedLimits = noSeedLimits,
  isSummed = false,
): Promise<void> {
  const startedMs = performance.now();
  const seconds = () => (performance.now() - startedMs) / 1000;
  const enough = Promise.withResolvers<void>();
  let limit: string | undefined;
  let noted = '';
  const note = () => {
    const shared = transfers
      .filter(({ run }) => !run.status.offline)
      .map(({ infoHash, path }) => ({ infoHash, path }));
    const text = JSON.stringify(shared);
    if (text !== noted) noteSharing(stateFolder(), shared);
    noted = text;
  };
  const look = () => {
    note();
    if (output.json && isSummed) announceSums(transfers, output);
    else if (output.json) for (const transfer of transfers) announceProgress(transfer, output);
    else output.live(seedingText(transfers, output.verbose));
    // The list of transfers may have grown.
    const bytes = sum(transfers, ({ metainfo }) => metainfo.bytes);
    const reached = reachedLimit(limits, given(transfers), bytes, seconds());
    limit = reached && limitWords(limits, reached);
    if (limit !== undefined) enough.resolve();
  };
  const usualMs = output.json ? announceEveryMs : paintEveryMs;
  const everyMs = Math.max(usualMs, transfers.length * lookMsEach);
  const sharing = () => watch(Promise.race([aborted(signal), enough.promise]), everyMs, look);
  await withAnnounceKey(output, () => transfers, sharing).finally(() => noteSharing(stateFolder(), []));
  output.clearLive();
  const why = limit === undefined ? `Stopped after ${duration(seconds())}` : `Done sharing, ${limit}`;
  const total = given(transfers);
  output.document({ event: 'seeded', given: total, limit: limit ?? null });
  const story = total === 0 ? `${why}; no peer requested anything.` : `${why}; gave ${size(total)}.`;
  afterClosing(output, () => output.remark(story));
}

/** The `progress` document for thousands of torrents. */
function announceSums(transfers: readonly Transfer[], output: Output): void {
  output.document({ event: 'progress', torrents: transfers.length, ...sumsOf(transfers) });
}

function sumsOf(transfers: readonly Transfer[]) {
  const sums = { offline: 0, peers: 0, upBps: 0, uploaded: 0 };
  for (const { run } of transfers) {
    const { status } = run;
    if (status.offline) sums.offline++;
    sums.peers += status.peers.length;
    sums.upBps += status.upBps;
    sums.uploaded += status.uploaded;
  }
  return sums;
}

function seedingText(transfers: readonly Transfer[], verbose: boolean): LiveText {
  const { offline: away, peers, upBps, uploaded } = sumsOf(transfers);
  const statuses = verbose ? transfers.map(({ run }) => run.status) : [];
  const parts =
    away > 0 && away === transfers.length
      ? ['nothing: the files are not as they were']
      : peers === 0
        ? [`${size(uploaded)} given so far`, trackerState(transfers)]
        : [`↑ ${rate(upBps)}`, count(peers, 'peer'), `${size(uploaded)} given so far`];
  if (transfers.length > 1) {
    const some = away > 0 && away < transfers.length ? `, ${grouped(away)} of them away` : '';
    parts.unshift(`${count(transfers.length, 'torrent')}${some}`);
  }
  return {
    lines: (columns, rows) => [
      [paint('bold', 'Seeding'), ...parts].join('  '),
      ...(verbose ? sourceTable(statuses, columns - 2, rows - 1).map((line) => `  ${line}`) : []),
    ],
    plain: () => [['Seeding', ...parts].join(', '), ...(verbose ? sourceWords(statuses) : [])].join('\n'),
  };
}

/** Without peers, the trackers' failures may explain why. */
function trackerState(transfers: readonly Transfer[]): string {
  const failing = transfers.find(({ run }) =>
    run.status.trackers.some(({ lastFailure }) => lastFailure !== undefined),
  );
  return failing === undefined
    ? 'no peer is asking'
    : `waiting for peers: ${failing.run.status.trackers.map(trackerWords).join('; ')}`;
}

function given(transfers: readonly Transfer[]): number {
  return sum(transfers, ({ run }) => run.status.uploaded);
}

function sum(transfers: readonly Transfer[], of: (transfer: Transfer) => number): number {
  return transfers.reduce((total, transfer) => total + of(transfer), 0);
}
