/** Seeding, from the first peer to Ctrl-C: the same for `seed`, `share` and `download --seed`. */
import { aborted } from './interruption.ts';
import { type LiveText, type Output, paint, paintEveryMs } from './output.ts';
import type { Transfer } from './transfer.ts';
import { waitingReason } from './waiting-reason.ts';
import { watch } from './watch.ts';
import { count, duration, rate, size } from './wording.ts';

/** Two looks a second are what the engine's rates are worth. */
export const announceEveryMs = 500;

/** Resolves when the signal says so, having told what was given. */
export async function seedUntil(
  signal: AbortSignal,
  transfers: readonly Transfer[],
  output: Output,
): Promise<void> {
  const startedMs = performance.now();
  const look = output.json ? () => announceProgress(transfers) : () => output.live(seedingLine(transfers));
  await watch(aborted(signal), output.json ? announceEveryMs : paintEveryMs, look);
  output.clearLive();
  const given = sum(transfers, ({ status }) => status.uploaded);
  const time = duration((performance.now() - startedMs) / 1000);
  output.remark(
    given === 0
      ? `Stopped after ${time}; nobody asked for anything.`
      : `Stopped after ${time}; gave ${size(given)}.`,
  );
}

/** The `progress` lines of scripts. */
export function announceProgress(transfers: readonly Transfer[]): void {
  for (const transfer of transfers) transfer.announceProgress();
}

function seedingLine(transfers: readonly Transfer[]): LiveText {
  const upBps = sum(transfers, ({ status }) => status.upBps);
  const uploaded = sum(transfers, ({ status }) => status.uploaded);
  const peers = sum(transfers, ({ status }) => status.peers.length);
  const parts =
    peers === 0
      ? [`${size(uploaded)} given so far`, trackerState(transfers)]
      : [`↑ ${rate(upBps)}`, count(peers, 'peer'), `${size(uploaded)} given so far`];
  return {
    lines: () => [[paint('bold', 'Seeding'), ...parts].join('  ')],
    plain: () => ['Seeding', ...parts].join(', '),
  };
}

/** Nobody is here: the trackers may say why. */
function trackerState(transfers: readonly Transfer[]): string {
  const failing = transfers.find(({ status }) =>
    status.trackers.some(({ lastFailure }) => lastFailure !== undefined),
  );
  return failing === undefined ? 'nobody is asking' : waitingReason(failing.status);
}

function sum(transfers: readonly Transfer[], of: (transfer: Transfer) => number): number {
  return transfers.reduce((total, transfer) => total + of(transfer), 0);
}
