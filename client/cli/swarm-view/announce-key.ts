/** The key that makes commands announce to trackers at once, while they download or seed. */
import { duration } from '../../../torrents/wording.ts';
import type { TorrentStatus, TrackerStatus } from '../../engine/status.ts';
import type { ActiveTorrent } from '../../host/active-torrent.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import { type Keys, withKeys } from '../screen/keys.ts';
import { type Output, paint } from '../screen/output.ts';
import { hasUsableTracker } from './obstacles.ts';
import { trackerHost } from './tracker-host.ts';

/** 5 seconds: most downloads have peers by then, and their users need no hint. */
const hintAfterMs = 5_000;
const hint = 'Press a to ask the trackers for peers now.';
/** A key that is held down repeats thirty times a second: each would print a line. */
const pressEveryMs = 1_000;

/** `transfers`: returns the transfers at the moment of the key press. */
export async function withAnnounceKey<T>(
  output: Output,
  transfers: () => readonly Transfer[],
  underWay: () => Promise<T>,
): Promise<T> {
  const say = (words: string) => output.remark(paint('dim', words));
  const keys: Keys = { a: announceKey(transfers, say, () => performance.now()) };
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    if (isKeyOfUse(transfers().map(({ run }) => run.status))) say(hint);
  };
  return await withKeys(output, keys, underWay, () => {
    timer = setTimeout(tell, hintAfterMs);
  }).finally(() => clearTimeout(timer));
}

/** There are no peers, and at least one tracker can be asked. */
export function isKeyOfUse(all: readonly Pick<TorrentStatus, 'peers' | 'trackers'>[]): boolean {
  const trackers = all.flatMap((status) => status.trackers.map(({ url }) => url));
  return all.every(({ peers }) => peers.length === 0) && hasUsableTracker({ trackers });
}

/** The part of a transfer that the key needs. */
interface AskedTransfer {
  readonly run: {
    readonly active: Pick<ActiveTorrent, 'announceNow'> | undefined;
    readonly status: Pick<TorrentStatus, 'trackers'>;
  };
}

/** The key's action. `nowMs`: a monotonic clock. */
export function announceKey(
  transfers: () => readonly AskedTransfer[],
  say: (words: string) => void,
  nowMs: () => number,
): () => void {
  let nextMs = -Infinity;
  return () => {
    if (nowMs() < nextMs) return;
    nextMs = nowMs() + pressEveryMs;
    for (const { run } of transfers()) run.active?.announceNow();
    say(announceWords(transfers().flatMap(({ run }) => run.status.trackers)));
  };
}

/** The message after a key press, from the states of the trackers. */
export function announceWords(trackers: readonly TrackerStatus[]): string {
  if (trackers.length === 0) return 'No tracker is known that could be asked for peers.';
  const waiting = trackers.filter(({ askedInSeconds = 0 }) => askedInSeconds > 0);
  const [next] = waiting.sort((one, other) => one.askedInSeconds! - other.askedInSeconds!);
  if (next === undefined) return 'Asking the trackers for peers.';
  const wait = duration(next.askedInSeconds!);
  const host = trackerHost(next.url);
  // The wait is then our own backoff, not the tracker's interval.
  if (next.lastFailure !== undefined)
    return `The last question to ${host} failed: it is asked again in ${wait}.`;
  return `${host} allows no earlier question: it is asked for peers in ${wait}.`;
}
