/**
 * An experiment → its measurements. The same experiment, size and code always give the same numbers, on any
 * machine.
 */
import type { Limits } from '../../../client/engine/limits.ts';
import type { CastMember } from '../plan/cast.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import { validatePlan } from '../plan/validate.ts';
import { PlannedSwarm } from '../runner/planned-swarm.ts';
import { arrangeTroubles } from '../runner/troubles.ts';
import type { Experiment, ExperimentSize } from './experiment.ts';
import { fluidBoundSeconds, jainIndex, mean, quantile } from './measures.ts';
import { type Sample, SwarmWatch } from './swarm-watch.ts';

/** The result of one downloader. */
export interface FetcherOutcome {
  readonly name: string;
  readonly joinSeconds: number;
  /** From joining to the last piece; undefined when it never completed. */
  readonly seconds: number | undefined;
  /** Payload bytes. */
  readonly uploaded: number;
  readonly downloaded: number;
  readonly wasted: number;
  /** The rates of its line, in bytes per second. */
  readonly upBps: number;
  readonly downBps: number;
}

export interface Outcome {
  readonly experiment: string;
  readonly seed: number;
  readonly peers: number;
  readonly fetchers: number;
  readonly completed: number;
  /** The earliest time at which any protocol could complete the last peer. */
  readonly boundSeconds: number;
  /** When the last peer was complete. */
  readonly lastSeconds: number;
  /** From joining to completion. */
  readonly meanSeconds: number;
  readonly medianSeconds: number;
  /** boundSeconds / lastSeconds; 0 when a peer never completed. */
  readonly efficiency: number;
  /** When the first seed had sent every piece, and how many copies it had sent by then and in all. */
  readonly firstCopySeconds: number | undefined;
  readonly givenAtFirstCopy: number | undefined;
  readonly givenBySeed: number;
  /**
   * Jain's index over download rates (as a share of the downlink), and over uploads (as a share of the
   * uplink).
   */
  readonly fairnessOfRates: number;
  readonly fairnessOfGiving: number;
  /** Payload received and discarded, as a share of all payload received. */
  readonly waste: number;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly traceHash: string;
}

export interface Measured {
  readonly outcome: Outcome;
  readonly samples: readonly Sample[];
  readonly fetchers: readonly FetcherOutcome[];
}

const stuckSecondsDefault = 2 * 60 * 60;

/** `limits` override the defaults of every engine, to measure their effect. */
export function runExperiment(
  experiment: Experiment,
  size: ExperimentSize,
  limits: Partial<Limits> = {},
): Measured {
  const plan = experiment.plan(size);
  const swarm = new PlannedSwarm(validatePlan({ ...plan, limits: { ...plan.limits, ...limits } }));
  arrangeTroubles(swarm);
  const watch = new SwarmWatch(swarm);
  const { stuckSeconds = stuckSecondsDefault } = experiment;
  const settledSeconds = swarm.settledMs / 1000;
  while (!watch.isDone && watch.seconds < Math.max(settledSeconds, watch.progressSeconds) + stuckSeconds) {
    watch.look();
    swarm.world.runUntil(() => watch.isDone, 1_000);
    experiment.look?.(watch);
  }
  watch.look(true);
  return measure(experiment, size, plan, watch);
}

function measure(experiment: Experiment, size: ExperimentSize, plan: SwarmPlan, watch: SwarmWatch): Measured {
  const { world } = watch.swarm;
  const { totalBytes } = world.geometry;
  const fetchers = watch.fetchers.map((member) => outcomeOf(member, watch));
  const done = fetchers.flatMap(({ seconds }) => seconds ?? []);
  const lastSeconds = Math.max(0, ...watch.completeSeconds.values());
  const boundSeconds = boundOf(experiment, watch);
  const isComplete = done.length === fetchers.length;
  const downloaded = fetchers.reduce((sum, fetcher) => sum + fetcher.downloaded, 0);
  const present = ({ joinSeconds, seconds }: FetcherOutcome) => seconds ?? watch.seconds - joinSeconds;
  const outcome: Outcome = {
    experiment: experiment.name,
    seed: plan.seed,
    peers: size.peers,
    fetchers: fetchers.length,
    completed: done.length,
    boundSeconds,
    lastSeconds,
    meanSeconds: mean(done),
    medianSeconds: quantile(done, 0.5),
    efficiency: isComplete ? boundSeconds / lastSeconds : 0,
    firstCopySeconds: watch.firstCopy?.seconds,
    givenAtFirstCopy: watch.firstCopy?.givenBySeed,
    givenBySeed: watch.givenBySeed,
    fairnessOfRates: jainIndex(
      fetchers.map((f) => (f.seconds === undefined ? 0 : totalBytes / f.seconds / f.downBps)),
    ),
    fairnessOfGiving: jainIndex(fetchers.map((f) => f.uploaded / f.upBps / present(f))),
    waste: fetchers.reduce((sum, { wasted }) => sum + wasted, 0) / downloaded,
    virtualSeconds: watch.seconds,
    events: world.scheduler.events,
    traceHash: world.trace.hash,
  };
  return { outcome, samples: watch.samples, fetchers };
}

function outcomeOf(member: CastMember, watch: SwarmWatch): FetcherOutcome {
  const { name, joinMs } = member;
  const joinSeconds = joinMs / 1000;
  const complete = watch.completeSeconds.get(name);
  const figures = watch.figuresOf(name);
  return {
    ...{ name, joinSeconds, seconds: complete === undefined ? undefined : complete - joinSeconds },
    ...figures,
    ...lineOf(member),
  };
}

/**
 * Pieces that only one peer has at the start must all come from that peer. This gives a bound of its own,
 * often the highest.
 */
function boundOf({ latecomersNotBeforeSeconds = 0 }: Experiment, { swarm, fetchers }: SwarmWatch): number {
  const { geometry } = swarm.world;
  const pieces = [...geometry.pieces()];
  const holders = pieces.map(() => [] as CastMember[]);
  for (const member of swarm.cast) {
    if (member.role !== 'honest') continue;
    for (const piece of pieces) if (member.has(piece)) holders[piece]!.push(member);
  }
  const bytesWhere = (holds: (members: readonly CastMember[]) => boolean) =>
    pieces.reduce((sum, piece) => sum + (holds(holders[piece]!) ? geometry.pieceBytes(piece) : 0), 0);
  const isFetching = new Set(fetchers);
  const givers = new Set(holders.flat());
  const alone = [...givers].map(
    (giver) => bytesWhere((members) => members.length === 1 && members[0] === giver) / lineOf(giver).upBps,
  );
  const sources = [...givers].filter((giver) => !isFetching.has(giver));
  const sourceBytes = bytesWhere((members) => !members.some((member) => isFetching.has(member)));
  const receivers = fetchers.map((member) => ({
    ...lineOf(member),
    missingBytes: bytesWhere((members) => !members.includes(member)),
    joinSeconds: Math.max(member.joinMs / 1000, member.joinMs > 0 ? latecomersNotBeforeSeconds : 0),
  }));
  return Math.max(...alone, fluidBoundSeconds(sources.map(lineOf), sourceBytes, receivers));
}

function lineOf({ link }: CastMember) {
  return { upBps: link.up * 1000, downBps: link.down * 1000 };
}
