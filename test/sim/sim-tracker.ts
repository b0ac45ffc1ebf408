/**
 * The production registry behind a simulated wire: the announcer port of every simulated host. A tracker that is down
 * answers with a failure, late, as the real one would.
 */
import type { AnnounceRequest, PeerAddress } from '../../client/engine/contract.ts';
import { Prng } from '../../client/engine/prng.ts';
import type { Announcer, FactSink } from '../../client/host/ports.ts';
import { packAddress } from '../../tracker/protocol/address.ts';
import { replyEndpoints } from '../../tracker/protocol/announce-reply.ts';
import { Registry } from '../../tracker/registry.ts';
import type { Scheduler } from './scheduler.ts';

const roundTripMs = 40;
const timeoutMs = 15_000;

export class SimTracker {
  isDown = false;
  /** Every announce that arrived, for scenarios that count them. */
  readonly heard: {
    readonly peer: string;
    readonly event: string;
    readonly left: number;
    readonly atMs: number;
  }[] = [];
  readonly #registry = new Registry({ intervalSeconds: 60, minIntervalSeconds: 10 });
  readonly #scheduler: Scheduler;
  readonly #random: Prng;

  constructor(scheduler: Scheduler, seed: number) {
    this.#scheduler = scheduler;
    this.#random = new Prng(seed);
  }

  announcer(self: PeerAddress, sink: FactSink): Announcer {
    return { announce: (request) => this.#announce(request, self, sink) };
  }

  #announce(request: AnnounceRequest, self: PeerAddress, sink: FactSink): void {
    const { torrent, tracker } = request;
    if (this.isDown) {
      this.#scheduler.after(timeoutMs, () =>
        sink({ type: 'announce-failed', torrent, tracker, reason: 'no answer within 15 s' }),
      );
      return;
    }
    this.#scheduler.after(roundTripMs, () => {
      const { nowMs } = this.#scheduler;
      this.heard.push({ peer: self.host, event: request.event ?? 'none', left: request.left, atMs: nowMs });
      const reply = this.#registry.announce(
        { ...request, numWant: request.peersWanted, compact: true },
        { remote: packAddress(self.host)! },
        nowMs,
        (bound) => this.#random.below(bound),
      );
      if ('failureReason' in reply) {
        sink({ type: 'announce-failed', torrent, tracker, reason: reply.failureReason });
        return;
      }
      const { intervalSeconds, minIntervalSeconds } = reply;
      const answer = { peers: replyEndpoints(reply), intervalSeconds };
      sink({
        type: 'announced',
        torrent,
        tracker,
        answer: minIntervalSeconds === undefined ? answer : { ...answer, minIntervalSeconds },
      });
    });
  }
}
