/**
 * What time does to one connection, at every tick: its rates follow, what it refused may be
 * asked for again, and silence has consequences. A peer that holds our
 * requests and sends nothing first gives them back and is let go only later; one that says nothing at all is let go, too.
 */
import type { Limits } from '../limits.ts';
import type { RequestScheduler } from '../requests/request-scheduler.ts';
import type { PeerSession } from './peer-session.ts';

/** `elapsedMs`: since the last tick. Answers why the connection is to be closed, or undefined. */
export function watchSession(
  session: PeerSession,
  scheduler: RequestScheduler,
  limits: Limits,
  nowMs: number,
  elapsedMs: number,
): 'silent' | 'stalled' | 'not-reading' | undefined {
  const { pipeline, pieces } = session;
  if (elapsedMs > 0) {
    session.down.tick(elapsedMs);
    session.up.tick(elapsedMs);
    pipeline.measure(session.down.rate);
  }
  const waitMs = Math.min(limits.refusedMaxMs, limits.refusedFirstMs * Math.max(1, pipeline.rejects));
  if (nowMs - pieces.refusedMs >= waitMs) pieces.forgetRefusals();
  if (nowMs - session.heardMs >= limits.idleTimeoutMs) return 'silent';
  if (pipeline.isSilent(nowMs, limits.stallCloseMs)) return 'stalled';
  if (session.uploads.isStuck(nowMs, limits.stallCloseMs)) return 'not-reading';
  if (!pipeline.stalled && pipeline.isSilent(nowMs, limits.stallTimeoutMs)) {
    // One request stays with it, to tell whether it comes back; the others are cancelled, lest all arrive twice.
    const [left, ...others] = pipeline.asked;
    for (const key of others) scheduler.cancel(session, key);
    scheduler.release(session);
    pipeline.stall(left);
  }
  session.keepAlive(nowMs);
  return undefined;
}
