/** How far a move has come, told at a bounded rate: a file of a few bytes would otherwise be an event. */
import type { MoveProgress } from '../../host/own-content/move-content.ts';

/** A user sees no more steps than four a second. */
const everyMs = 250;

/** The last report, in which all bytes are done, is always passed on. */
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
