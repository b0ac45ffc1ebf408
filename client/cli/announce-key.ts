/** The key that asks trackers for peers now, in commands that fetch or seed. */
import type { TrackerStatus } from '../engine/status.ts';
import { type Keys, withKeys } from './keys.ts';
import { type Output, paint } from './output.ts';
import { trackerHost } from './tracker-host.ts';
import type { Transfer } from './transfer.ts';
import { duration } from './wording.ts';

/** Most downloads have peers by then, and their users need no key. */
const hintAfterMs = 5_000;
const hint = 'Press a to ask the trackers for peers now.';

/** `transfers`: those at the moment when it is pressed. */
export async function withAnnounceKey<T>(
  output: Output,
  transfers: () => readonly Transfer[],
  underWay: () => Promise<T>,
): Promise<T> {
  const keys: Keys = {
    a() {
      for (const { active } of transfers()) active.announceNow();
      output.remark(paint('dim', announceWords(transfers().flatMap(({ status }) => status.trackers))));
    },
  };
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    const isAlone = transfers().every(({ status }) => status.peers.length === 0);
    if (isAlone) output.remark(paint('dim', hint));
  };
  return await withKeys(output, keys, underWay, () => {
    timer = setTimeout(tell, hintAfterMs);
  }).finally(() => clearTimeout(timer));
}

/** What the key has done, by what the trackers' states are behind it. */
export function announceWords(trackers: readonly TrackerStatus[]): string {
  if (trackers.length === 0) return 'No tracker is known that could be asked for peers.';
  const waiting = trackers.filter(({ askedInSeconds = 0 }) => askedInSeconds > 0);
  const [next] = waiting.sort((one, other) => one.askedInSeconds! - other.askedInSeconds!);
  if (next === undefined) return 'Asking the trackers for peers.';
  const wait = duration(next.askedInSeconds!);
  return `${trackerHost(next.url)} allows no earlier question: it is asked for peers in ${wait}.`;
}
