/**
 * The production registry behind a simulated wire, with the faults of real trackers: down, refusing, slow,
 * lying, restarted without memory. Requests come through announcer.ts.
 */
import type { AnnounceRequest, Fact, PeerAddress, TrackerAnswer } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { addressText, packAddress } from '../../../tracker/protocol/address.ts';
import { replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import type { Registry, RegistryOptions } from '../../../tracker/registry.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { JudgedRegistry } from '../tracker/judged-registry.ts';
import { throughBytes } from '../tracker/through-bytes.ts';
import type { Families } from './place.ts';

const roundTripMsDefault = 40;
/** How often the tracker drops peers that have timed out. */
const expireMs = 60_000;
/** A client reopens its alive stream within this time. */
const reconnectMs = 4_000;

/** `down` does not answer; `refusing` answers with a failure at once. */
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
  #mood: TrackerMood = 'up';
  /** The address families at which it can be reached. */
  families: Families = 'both';
  /** Until an announce is answered. After more than 30 s clients have given up. */
  roundTripMs = roundTripMsDefault;
  /** Replaces the honest answer, for trackers that lie. */
  distort: ((answer: TrackerAnswer, request: AnnounceRequest) => TrackerAnswer) | undefined;
  /** Announces that arrived, for tests. */
  readonly heard: HeardAnnounce[] = [];
  readonly #parts: TrackerParts;
  readonly #options: Partial<RegistryOptions>;
  readonly #streams: ((memoryId: string) => void)[] = [];
  #registry: JudgedRegistry;
  #memory = 1;
  #disbelief: string | undefined;
  /** The retry time of its refusals. BEP 31 */
  retryMinutes: number | undefined;
  #nextExpiryMs = expireMs;

  constructor(
    parts: TrackerParts,
    options: Partial<RegistryOptions> = { intervalSeconds: 60, minIntervalSeconds: 10 },
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#registry = new JudgedRegistry(options);
  }

  get mood(): TrackerMood {
    return this.#mood;
  }

  set mood(mood: TrackerMood) {
    const isBack = this.#mood === 'down' && mood !== 'down';
    this.#mood = mood;
    if (isBack) this.#tellStreams();
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

  /** Describes the first wrong answer, or undefined. */
  get disbelief(): string | undefined {
    return this.#disbelief ?? this.#registry.disbelief;
  }

  /** Restarts: forgets its peers unless it has a snapshot. `isSilent`: alive streams do not reopen. */
  restart({ hasSnapshot = false, isSilent = false } = {}): void {
    if (hasSnapshot) this.#registry = this.#registry.restarted(this.#parts.scheduler.nowMs);
    else {
      this.#registry = new JudgedRegistry(this.#options);
      this.#memory += 1;
    }
    if (!isSilent && this.#mood !== 'down') this.#tellStreams();
  }

  /**
   * Opens a client's alive stream: `onStanding` is called with the memory id each time the stream reopens.
   */
  follow(onStanding: (memoryId: string) => void): void {
    this.#streams.push(onStanding);
  }

  #tellStreams(): void {
    const { scheduler, random } = this.#parts;
    const { memoryId } = this;
    for (const onStanding of this.#streams) {
      scheduler.after(random.below(reconnectMs), () => onStanding(memoryId));
    }
  }

  get memoryId(): string {
    return this.#memory.toString(16).padStart(16, '0');
  }

  /** Ends all faults. */
  heal(): void {
    this.mood = 'up';
    this.roundTripMs = roundTripMsDefault;
    this.distort = undefined;
  }

  /** The answer to an announce that has arrived, or undefined. */
  answer(request: AnnounceRequest, from: PeerAddress): Fact | undefined {
    const { torrent, tracker } = request;
    if (this.mood === 'down') return undefined;
    if (this.mood === 'refusing') {
      return {
        type: 'announce-failed',
        torrent,
        tracker,
        reason: 'the simulated tracker refuses',
        ...(this.retryMinutes !== undefined && { retryInSeconds: 60 * this.retryMinutes }),
      };
    }
    const { nowMs } = this.#parts.scheduler;
    this.heard.push({ peer: from.host, event: request.event ?? 'none', left: request.left, atMs: nowMs });
    if (nowMs >= this.#nextExpiryMs) {
      this.#registry.expire(nowMs);
      this.#nextExpiryMs = nowMs + expireMs;
    }
    const { reply, disbelief } = throughBytes(request, (asked) =>
      this.#registry.announce(asked, { remote: packAddress(from.host)! }, nowMs, (bound) =>
        this.#parts.random.below(bound),
      ),
    );
    this.#disbelief ??= disbelief ?? this.#registry.disbelief;
    if ('failureReason' in reply) {
      return { type: 'announce-failed', torrent, tracker, reason: reply.failureReason };
    }
    const { intervalSeconds, minIntervalSeconds, complete, incomplete, warning, externalAddress } = reply;
    const answer = {
      peers: replyEndpoints(reply),
      intervalSeconds,
      ...(minIntervalSeconds !== undefined && { minIntervalSeconds }),
      ...(complete !== undefined && { seeds: complete }),
      ...(incomplete !== undefined && { leechers: incomplete }),
      ...(warning !== undefined && { warning }),
      ...(externalAddress !== undefined && { ownHost: addressText(externalAddress) }),
      memoryId: this.memoryId,
    };
    return { type: 'announced', torrent, tracker, answer: this.distort?.(answer, request) ?? answer };
  }
}
