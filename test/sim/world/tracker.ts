/**
 * The production registry behind a simulated wire, with the moods of real trackers: down, refusing, slow, lying,
 * restarted with nothing in its memory. The announcer port of a host finds trackers by their URL.
 */
import type { AnnounceRequest, Fact, PeerAddress, TrackerAnswer } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { Announcer, FactSink } from '../../../client/host/ports.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';
import { replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { Registry, type RegistryOptions } from '../../../tracker/registry.ts';
import type { Gate } from '../kernel/gate.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type Trace, traceKind } from '../kernel/trace.ts';

/** As client/host/http-announcer.ts. */
const timeoutMs = 15_000;
const roundTripMsDefault = 40;
/** How often the tracker drops who has fallen silent. */
const expireMs = 60_000;
const secondsMs = 1_000;

/** `down` does not answer at all, `refusing` says no at once. */
export type TrackerMood = 'up' | 'down' | 'refusing';

export interface HeardAnnounce {
  readonly peer: string;
  readonly event: string;
  readonly left: number;
  readonly atMs: number;
}

export interface TrackerParts {
  readonly scheduler: Scheduler;
  readonly random: Prng;
}

export class SimTracker {
  mood: TrackerMood = 'up';
  /** Until an announce is answered; more than 15 s is no answer. */
  roundTripMs = roundTripMsDefault;
  /** Makes another answer of the honest one: for trackers that lie. */
  distort: ((answer: TrackerAnswer, request: AnnounceRequest) => TrackerAnswer) | undefined;
  /** Announces that arrived, for scenarios that look at them. */
  readonly heard: HeardAnnounce[] = [];
  readonly #parts: TrackerParts;
  readonly #options: Partial<RegistryOptions>;
  #registry: Registry;
  #nextExpiryMs = expireMs;

  constructor(
    parts: TrackerParts,
    options: Partial<RegistryOptions> = { intervalSeconds: 60, minIntervalSeconds: 10 },
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#registry = new Registry(options);
  }

  get isDown(): boolean {
    return this.mood === 'down';
  }

  set isDown(isDown: boolean) {
    this.mood = isDown ? 'down' : 'up';
  }

  get counts(): Registry['counts'] {
    return this.#registry.counts;
  }

  /** It has forgotten everybody. */
  restart(): void {
    this.#registry = new Registry(this.#options);
  }

  /** It works again, honestly and at its usual pace. */
  heal(): void {
    this.mood = 'up';
    this.roundTripMs = roundTripMsDefault;
    this.distort = undefined;
  }

  /** The tracker's answer to an announce that has reached it; undefined: none. */
  answer(request: AnnounceRequest, from: PeerAddress): Fact | undefined {
    const { torrent, tracker } = request;
    if (this.mood === 'down') return undefined;
    if (this.mood === 'refusing') {
      return { type: 'announce-failed', torrent, tracker, reason: 'the simulated tracker refuses' };
    }
    const { nowMs } = this.#parts.scheduler;
    this.heard.push({ peer: from.host, event: request.event ?? 'none', left: request.left, atMs: nowMs });
    if (nowMs >= this.#nextExpiryMs) {
      this.#registry.expire(nowMs);
      this.#nextExpiryMs = nowMs + expireMs;
    }
    const reply = this.#registry.announce(
      { ...request, numWant: request.peersWanted, compact: true },
      { remote: packAddress(from.host)! },
      nowMs,
      (bound) => this.#parts.random.below(bound),
    );
    if ('failureReason' in reply) {
      return { type: 'announce-failed', torrent, tracker, reason: reply.failureReason };
    }
    const { intervalSeconds, minIntervalSeconds } = reply;
    const answer = {
      peers: replyEndpoints(reply),
      intervalSeconds,
      ...(minIntervalSeconds !== undefined && { minIntervalSeconds }),
    };
    return { type: 'announced', torrent, tracker, answer: this.distort?.(answer, request) ?? answer };
  }
}

export interface AnnouncerParts {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly gate: Gate;
  readonly sink: FactSink;
  /** What others see announces come from. */
  readonly self: PeerAddress;
  readonly trackers: ReadonlyMap<string, SimTracker>;
}

export function simAnnouncer({ scheduler, trace, gate, sink, self, trackers }: AnnouncerParts): Announcer {
  const tell = (atMs: number, fact: () => Fact) => {
    const task = { run: () => (gate.admits(task) ? sink(fact()) : undefined) };
    scheduler.at(atMs, task);
  };
  return {
    announce(request) {
      const { torrent, tracker } = request;
      trace.mix(traceKind.announce);
      trace.mix(request.left);
      const sentMs = scheduler.nowMs;
      const noAnswer = () =>
        tell(Math.max(scheduler.nowMs, sentMs + timeoutMs), () => ({
          type: 'announce-failed',
          torrent,
          tracker,
          reason: `no answer within ${timeoutMs / secondsMs} s`,
        }));
      const there = trackers.get(tracker);
      if (there === undefined) return noAnswer();
      // It is the tracker's state when the request arrives that counts, also when the asker is gone by then.
      scheduler.after(Math.floor(there.roundTripMs / 2), () => {
        const fact = there.answer(request, self);
        const answeredMs = sentMs + there.roundTripMs;
        if (fact === undefined || answeredMs - sentMs > timeoutMs) noAnswer();
        else tell(answeredMs, () => fact);
      });
    },
  };
}
