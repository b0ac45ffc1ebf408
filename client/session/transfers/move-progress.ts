/** Limits the rate of progress reports of a move: without it, every small file would be an event. */
import type { MoveProgress } from '../../host/own-content/move-content.ts';

/** Four reports a second are enough for a progress bar. */
const everyMs = 250;

/** Wraps `tell`. The last report, with all bytes done, is always passed on. */
export function paced(
  nowMs: () => number,
  tell: (progress: MoveProgress) => void,
): (progress: MoveProgress) => void {
  let toldMs = Number.NEGATIVE_INFINITY;
  return (progress) => {
    if (progress.done < progress.total && nowMs() - toldMs < everyMs) return;
    toldMs = nowMs();
    tell(progress);
  };
}
