/**
 * Runs a plan in three phases. With faults, only safety is required: checkers inspect the swarm after every
 * event. Then everything heals, and each peer that can get every piece must complete: the run is stuck only
 * without progress. At the end all participants leave, and no resource may remain.
 */
import { BrokenRule, Inspector } from '../checkers/inspector.ts';
import { guarded } from '../kernel/guard.ts';
import { hasMeeting } from '../plan/meetings.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import type { SimPeer } from '../world/peer.ts';
import type { Side } from '../world/side.ts';
import { Chronicle } from './chronicle.ts';
import { PeerResults } from './peer-results.ts';
import { PlannedSwarm } from './planned-swarm.ts';
import { prospectsOf, sideProspectsOf } from './prospects.ts';
import type { Failure, RunResult } from './result.ts';
import { arrangeTroubles } from './troubles.ts';

export interface RunOptions {
  /** How many of the last events a failure includes. */
  readonly lastEvents?: number;
  /** Called with the swarm before the first event. It may watch and must change nothing. */
  readonly watch?: (swarm: PlannedSwarm) => void;
}

/**
 * Redials come after 15 minutes at most, announces after failures every 10 minutes, and a ban ends after an
 * hour.
 */
const stuckMsDefault = 75 * 60_000;

/**
 * How often everything is inspected. One run in eight is inspected often, since that costs more than the run
 * itself.
 */
const closelyMs = 50;
const usuallyMs = 1_000;

/** The same plan gives the same result on every machine. */
export function runPlan(plan: SwarmPlan, { lastEvents = 0, watch }: RunOptions = {}): RunResult {
  const swarm = new PlannedSwarm(plan);
  watch?.(swarm);
  return new Run(swarm, lastEvents).toEnd();
}

type NotDoneKind = 'stuck' | 'late' | 'no-meeting';

/** No rule was broken, but the run did not end as it must. */
class NotDone extends Error {
  readonly checker: NotDoneKind;

  constructor(checker: NotDoneKind, message: string) {
    super(message);
    this.checker = checker;
  }
}

class Run {
  readonly #swarm: PlannedSwarm;
  readonly #chronicle: Chronicle;
  readonly #inspector: Inspector;
  /** When a peer last stored a piece, received metadata or had its content back. */
  #progressMs = 0;
  /** Magnets that have received the metadata. */
  readonly #found = new Set<SimPeer>();
  /** Peers that must complete; undefined until everything has healed. */
  #able: ReadonlySet<string> | undefined;
  readonly #results: PeerResults;

  constructor(swarm: PlannedSwarm, lastEvents: number) {
    this.#swarm = swarm;
    this.#chronicle = new Chronicle(swarm, lastEvents);
    swarm.world.watch({
      onReport: (peer, { type }) => {
        if (type === 'metadata-received') this.#onFound(peer);
        if (type === 'piece-stored' || type === 'metadata-received' || type === 'content-online')
          this.#progressMs = swarm.world.nowMs;
      },
    });
    this.#results = new PeerResults(swarm);
    this.#inspector = new Inspector(swarm.world, {
      everyMs: swarm.plan.seed % 8 === 0 ? closelyMs : usuallyMs,
    });
    arrangeTroubles(swarm);
  }

  toEnd(): RunResult {
    const failure = this.#firstFailure();
    const { plan, world } = this.#swarm;
    const completed = this.#swarm.cast.filter(({ name }) => this.#isDone(name)).length;
    const failed = [...(this.#able ?? [])].filter((name) => !this.#isDone(name)).length;
    return {
      seed: plan.seed,
      traceHash: world.trace.hash,
      virtualSeconds: world.nowMs / 1000,
      events: world.scheduler.events,
      completed,
      failed: failure === undefined ? failed : Math.max(1, failed),
      failure,
      peers: this.#results.list((name) => this.#isDone(name), this.#able),
    };
  }

  #firstFailure(): Failure | undefined {
    try {
      // One guard around all phases: each of them runs virtual time several times.
      guarded(() => {
        this.#expectMeetings();
        this.#withFaults();
        this.#healed();
        this.#goHome();
      });
      return undefined;
    } catch (error) {
      return this.#failureOf(error as Error);
    }
  }

  /**
   * A run in which no peers can meet would pass and prove nothing: the plan's author has forgotten something.
   */
  #expectMeetings(): void {
    const { cast } = this.#swarm;
    if (cast.length < 2 || hasMeeting(cast)) return;
    throw new NotDone(
      'no-meeting',
      'no two of these peers can meet: none shares a tracker with a reachable peer, and none knows one; ' +
        'add "trackers" to the plan, or "knows" to a peer',
    );
  }

  #withFaults(): void {
    const { plan, world, settledMs } = this.#swarm;
    world.runFor(Math.max(plan.healMs ?? 0, settledMs) + 1);
  }

  #healed(): void {
    const { plan, world } = this.#swarm;
    this.#swarm.heal();
    const able = prospectsOf(this.#swarm);
    const sides = sideProspectsOf(this.#swarm);
    const areSidesDone = () => sides.every(({ side }) => side.isComplete && side.platter.isAllRight);
    this.#able = able;
    this.#progressMs = world.nowMs;
    const stuckMs = plan.stuckMs ?? stuckMsDefault;
    const endMs = plan.untilMs ?? Number.MAX_SAFE_INTEGER;
    let waiting: string | undefined;
    const areDone = () => {
      if (waiting !== undefined && !this.#isDone(waiting)) return false;
      waiting = [...able].find((name) => !this.#isDone(name));
      return waiting === undefined && areSidesDone();
    };
    // Any peer's progress gives all peers more time.
    while (world.nowMs < Math.min(endMs, this.#progressMs + stuckMs)) {
      if (world.runUntil(areDone, Math.min(endMs, this.#progressMs + stuckMs) - world.nowMs)) return;
    }
    const missing = [...able].filter((name) => !this.#isDone(name));
    const behind = sides.filter(({ side }) => !side.isComplete);
    if (missing.length + behind.length === 0) return;
    const sinceSeconds = Math.round((world.nowMs - this.#progressMs) / 1000);
    const checker = world.nowMs >= endMs ? 'late' : 'stuck';
    throw new NotDone(
      checker,
      `${[...missing.map((name) => this.#standing(name)), ...behind.map((one) => this.#sideStanding(one))].join('; ')}; no progress for ${sinceSeconds} s`,
    );
  }

  #goHome(): void {
    for (const actor of this.#swarm.actors.values()) actor.leave();
    this.#inspector.end();
  }

  /** A magnet stops when it has its metadata. Later, since a report comes from within the engine's turn. */
  #onFound(peer: SimPeer): void {
    this.#found.add(peer);
    this.#swarm.world.scheduler.after(0, () => peer.stopFirst());
  }

  #isDone(name: string): boolean {
    const peer = this.#swarm.peers.get(name);
    return peer !== undefined && (this.#found.has(peer) || (peer.isComplete && peer.isIdentical));
  }

  #sideStanding({ name, side }: { readonly name: string; readonly side: Side }): string {
    const { engine } = this.#swarm.peers.get(name)!;
    const status = side.id === undefined ? undefined : engine.status(side.id);
    return `${name} has ${status?.haveCount ?? 'none'} of ${side.torrent.geometry.pieceCount} pieces of torrent ${side.torrent.id}`;
  }

  #standing(name: string): string {
    const peer = this.#swarm.peers.get(name)!;
    const status = peer.isAlive ? peer.status : undefined;
    if (status === undefined) return `${name} does not run`;
    const { haveCount, pieceCount, peers, peersKnown, trouble } = status;
    const why = trouble === undefined ? '' : `, ${trouble.code}`;
    return `${name} has ${haveCount} of ${pieceCount} pieces, ${peers.length} peers of ${peersKnown} it knows${why}`;
  }

  #failureOf(error: Error): Failure {
    const { world } = this.#swarm;
    const lastEvents = this.#chronicle.lines;
    const base = { atMs: world.nowMs, lastEvents, message: error.message, peer: undefined };
    if (error instanceof NotDone) return { ...base, checker: error.checker };
    if (!(error instanceof BrokenRule))
      return { ...base, checker: 'threw', message: `${error.message}${whereOf(error)}` };
    const peer = this.#swarm.nameOf({ number: error.peer });
    return { ...base, checker: error.checker, peer };
  }
}

/** The innermost stack frames in this project's code, without the machine's folders. */
function whereOf({ stack = '' }: Error): string {
  const places = [...stack.matchAll(/\/((?:client|tracker|torrents|test)\/[\w/.-]+:\d+)/g)].map(
    (match) => match[1],
  );
  return places.length === 0 ? '' : ` (${places.slice(0, 4).join(' ← ')})`;
}
