/** The machine's monotonic clock in the form that the engine needs: whole milliseconds, and one alarm. */
import type { Clock, FactSink } from './ports.ts';

/** Node fires timers longer than this at once. */
const timerMsMax = 2 ** 31 - 1;

export interface StoppableClock extends Clock {
  stop(): void;
}

export function systemClock(sink: FactSink): StoppableClock {
  let timer: NodeJS.Timeout | undefined;
  let armedMs = Number.MAX_SAFE_INTEGER;
  let wantedMs = Number.MAX_SAFE_INTEGER;
  const nowMs = () => Math.trunc(performance.now());
  const ring = () => {
    armedMs = Number.MAX_SAFE_INTEGER;
    if (nowMs() >= wantedMs) sink({ type: 'woke' });
    else arm();
  };
  const arm = () => {
    // A timer that fires too early costs less than one cancelled and set again for every fact.
    if (wantedMs >= armedMs || wantedMs === Number.MAX_SAFE_INTEGER) return;
    clearTimeout(timer);
    armedMs = wantedMs;
    timer = setTimeout(ring, Math.min(timerMsMax, Math.max(0, wantedMs - nowMs())));
  };
  return {
    nowMs,
    wakeAt(atMs) {
      wantedMs = atMs;
      arm();
    },
    stop() {
      clearTimeout(timer);
      wantedMs = Number.MAX_SAFE_INTEGER;
      armedMs = 0;
    },
  };
}
