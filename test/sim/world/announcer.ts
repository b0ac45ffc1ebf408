/**
 * The announcer port of one life of a host: announces to the simulated tracker at a URL and waits for its
 * reply as long as the real one (client/host/network/http-announcer.ts), one announce at a time for each
 * torrent and tracker.
 */
import type { AnnounceRequest, Fact, PeerAddress, TorrentId } from '../../../client/engine/contract.ts';
import { OtherFamily } from '../../../client/host/network/other-family.ts';
import type { Announcer, FactSink } from '../../../client/host/ports.ts';
import type { Gate } from '../kernel/gate.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type Trace, traceKind } from '../kernel/trace.ts';
import { addressOver, familyOf } from './place.ts';
import type { SimTracker } from './tracker.ts';

/** As client/host/network/http-announcer.ts: the timeouts of an announce, and of one with `stopped`. */
const answerMsMax = 30_000;
const farewellMsMax = 3_000;

export interface AnnouncerParts {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly gate: Gate;
  readonly sink: FactSink;
  /** The addresses that announces come from: IPv6 when both sides have it, as operating systems prefer. */
  readonly self: readonly PeerAddress[];
  /** By URL. A URL without a tracker does not reply. */
  readonly trackers: ReadonlyMap<string, SimTracker>;
}

export function simAnnouncer(parts: AnnouncerParts): Announcer {
  const { trace } = parts;
  /** By torrent and tracker: the announce under way, and those that wait for its end. */
  const lines = new Map<string, AnnounceRequest[]>();
  const followed = new Set<string>();
  const otherFamily = new OtherFamily({
    sink: parts.sink,
    ask: (request, _isTyped, family, done) =>
      ask(parts, request, addressOver(parts.self, family === 4 ? 'ipv4' : 'ipv6'), done),
    nowMs: () => parts.scheduler.nowMs,
  });
  const next = (line: AnnounceRequest[]) => {
    const [request] = line as [AnnounceRequest];
    const there = parts.trackers.get(request.tracker);
    const from = there && addressOver(parts.self, there.families);
    ask(parts, request, from, (fact) => {
      line.shift();
      const isLatest = line.length === 0;
      if (!isLatest) next(line);
      const hasOther = there?.families === 'both' && parts.self.length > 1;
      if (hasOther && isLatest && fact.type === 'announced' && request.event !== 'stopped')
        otherFamily.onAnswered(request, false, familyOf(from!.host) === 'ipv4' ? 4 : 6);
      parts.sink(fact);
      if (fact.type === 'announced') follow(fact.torrent, fact.tracker);
    });
  };
  /** As client/host/network/alive-streams.ts, but the stream of a running tracker opens at once. */
  const follow = (torrent: TorrentId, tracker: string) => {
    const name = `${torrent} ${tracker}`;
    if (followed.has(name)) return;
    followed.add(name);
    parts.trackers.get(tracker)?.follow((memoryId) => {
      const task = {
        run: () =>
          parts.gate.admits(task)
            ? parts.sink({ type: 'tracker-returned', torrent, tracker, memoryId })
            : undefined,
      };
      task.run();
    });
  };
  return {
    announce(request) {
      trace.mix(traceKind.announce);
      trace.mix(request.left);
      const name = `${request.torrent} ${request.tracker}`;
      const line = lines.get(name) ?? [];
      lines.set(name, line);
      if (request.event === 'stopped') otherFamily.stop(request, false);
      line.push(request);
      if (line.length === 1) next(line);
    },
  };
}

/**
 * Calls `done` with the one outcome: the reply, or a failure at the timeout. Never after the program has
 * ended.
 */
function ask(
  parts: AnnouncerParts,
  request: AnnounceRequest,
  from: PeerAddress | undefined,
  done: (fact: Fact) => void,
): void {
  const { scheduler, gate, trackers } = parts;
  const { torrent, tracker, event } = request;
  const answer = (atMs: number, fact: Fact) => {
    const task = { run: () => (gate.admits(task) ? done(fact) : undefined) };
    scheduler.at(atMs, task);
  };
  const waitMs = event === 'stopped' ? farewellMsMax : answerMsMax;
  const lateMs = scheduler.nowMs + waitMs;
  const silence: Fact = { type: 'announce-failed', torrent, tracker, reason: 'no answer in time' };
  const there = trackers.get(tracker);
  if (there === undefined || from === undefined) return answer(lateMs, silence);
  const { roundTripMs } = there;
  const answeredMs = scheduler.nowMs + roundTripMs;
  // The tracker handles the request when it arrives, even if the requester is gone by then.
  scheduler.after(Math.floor(roundTripMs / 2), () => {
    const fact = there.answer(request, from);
    if (fact === undefined || answeredMs > lateMs) answer(Math.max(scheduler.nowMs, lateMs), silence);
    else answer(answeredMs, fact);
  });
}
