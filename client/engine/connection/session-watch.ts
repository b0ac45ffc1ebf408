/**
 * The timeouts of one connection, checked at every tick; the tick also updates its rates and lets refused
 * pieces be requested again. A snubbed peer, which holds our requests and sends nothing, first gives them
 * back and is disconnected later. A peer that sends nothing at all is disconnected, too.
 */
import type { Limits } from '../limits.ts';
import type { RequestScheduler } from '../requests/request-scheduler.ts';
import type { PeerSession } from './peer-session.ts';

/** `elapsedMs`: time since the last tick. Returns why the connection must close, or undefined. */
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
    // One request stays with the peer, to detect that it resumes. The others are cancelled, so that their
    // blocks do not arrive twice.
    const [left, ...others] = pipeline.asked;
    for (const key of others) scheduler.cancel(session, key);
    scheduler.release(session);
    pipeline.stall(left);
  }
  session.keepAlive(nowMs);
  return undefined;
}
