/**
 * Applies the faults of a plan. Every fault begins at its time and ends after its duration, or when
 * everything heals.
 */
import type { TrackerAnswer } from '../../../client/engine/contract.ts';
import type { Fault } from '../plan/schema.ts';
import { type DiskTemper, healthyDisk } from '../world/disk-temper.ts';
import type { SimPeer } from '../world/peer.ts';
import type { Platter } from '../world/platter.ts';
import { choose, wantAllAgain } from './choices.ts';
import type { PlannedSwarm } from './planned-swarm.ts';

const always = 1_000_000;
/** Addresses that a lying tracker gives out: no host has them, or they are the requester's own machine. */
const lies = [
  { host: '198.18.0.1', port: 1 },
  { host: '127.0.0.1', port: 6_881 },
  { host: '2001:db8:1:2:3:4:5:6', port: 6_881 },
  { host: '::1', port: 1 },
];

/** Schedules every fault of the plan. */
export function arrangeTroubles(swarm: PlannedSwarm): void {
  const { world, plan } = swarm;
  let healed = false;
  if (plan.healMs !== undefined)
    world.scheduler.after(plan.healMs, () => {
      healed = true;
    });
  for (const fault of plan.faults ?? []) {
    world.scheduler.after(fault.atMs, () => {
      if (healed) return;
      const end = begin(swarm, fault);
      if ('forMs' in fault && fault.forMs !== undefined)
        world.scheduler.after(fault.forMs, () => {
          if (!healed) end();
        });
    });
  }
}

const nothing = () => {};

/** Returns the function that ends the fault. */
function begin(swarm: PlannedSwarm, fault: Fault): () => void {
  switch (fault.type) {
    case 'crash':
      return onEach(swarm, fault, (peer) => {
        if (peer.hasLeft) return nothing;
        peer.crash({ power: fault.powerCut ?? false });
        return () => peer.restart();
      });
    case 'restart':
      return onEach(swarm, fault, (peer) => {
        peer.quit();
        return () => peer.restart();
      });
    case 'content':
      return onEach(swarm, fault, ({ platter }) => harm(platter, fault, swarm.world.nowMs));
    case 'freeze':
      return onEach(swarm, fault, (peer) => {
        peer.freeze();
        return () => peer.thaw();
      });
    case 'clog':
      return onEach(swarm, fault, (peer) => swarm.world.partition([peer], swarm.world.peers));
    case 'reset':
      return onEach(swarm, fault, ({ host }) => {
        for (const end of [...host.ends]) host.reset(end);
        return nothing;
      });
    case 'loss':
      return onEach(swarm, fault, (peer) => {
        const { lossPpm = 0, resetPpm = 0 } = peer.host.link;
        peer.host.link = { ...peer.host.link, lossPpm: fault.lossPpm, resetPpm: fault.resetPpm };
        return () => {
          peer.host.link = { ...peer.host.link, lossPpm, resetPpm };
        };
      });
    case 'partition': {
      const [from, to] = [swarm.peersCalled(fault.from), swarm.peersCalled(fault.to)];
      return swarm.world.partition(from, to, { oneWay: fault.oneWay ?? false });
    }
    case 'disk':
      return onEach(swarm, fault, ({ temper }) => {
        const trouble = troubleOf(fault.kind, fault.ppm ?? always);
        Object.assign(temper, trouble);
        return () => {
          for (const key of Object.keys(trouble) as (keyof DiskTemper)[])
            Object.assign(temper, { [key]: healthyDisk[key] });
        };
      });
    case 'choice':
      return onEach(swarm, fault, (peer) => {
        choose(swarm.world, peer, fault);
        swarm.choosers.add(peer);
        return () => wantAllAgain(swarm.world, peer);
      });
    case 'clock-jump':
      return onEach(swarm, fault, (peer) => {
        peer.jumpClock(fault.byMs);
        return nothing;
      });
    case 'tracker': {
      const tracker = swarm.trackers.get(fault.tracker)!;
      const { mood, roundTripMs, distort } = tracker;
      if (fault.kind === 'down' || fault.kind === 'refusing') tracker.mood = fault.kind;
      // From 12 to 18 s: regular announces get late replies, and `stopped` times out (announcer.ts).
      else if (fault.kind === 'slow') tracker.roundTripMs = 12_000 + (fault.forMs % 6_000);
      else tracker.distort = liesOf;
      return () => Object.assign(tracker, { mood, roundTripMs, distort });
    }
    case 'tracker-restart':
      swarm.trackers
        .get(fault.tracker)!
        .restart({ hasSnapshot: fault.snapshot === true, isSilent: fault.silent === true });
      return nothing;
  }
}

function onEach(
  swarm: PlannedSwarm,
  { peers }: { readonly peers: readonly string[] },
  begins: (peer: SimPeer) => () => void,
): () => void {
  const ends = swarm.peersCalled(peers).map(begins);
  return () => {
    for (const end of ends) end();
  };
}

/** Returns the function that ends the fault. */
function harm(platter: Platter, fault: Extract<Fault, { type: 'content' }>, nowMs: number): () => void {
  const { kind, place = 0, forMs } = fault;
  switch (kind) {
    case 'moved':
      platter.moveAway(nowMs, forMs === undefined);
      return () => platter.comeBack();
    case 'deleted':
      platter.deleteFile(place % platter.files.count, nowMs);
      return nothing;
    case 'changed':
    case 'rotten':
      platter.change(place, nowMs, kind === 'changed');
      return nothing;
  }
}

function troubleOf(kind: Extract<Fault, { type: 'disk' }>['kind'], ppm: number): Partial<DiskTemper> {
  switch (kind) {
    case 'full':
      return { freeBytes: 0 };
    case 'read-error':
      return { readErrorPpm: ppm };
    case 'write-error':
      return { writeErrorPpm: ppm };
    case 'sync-error':
      return { syncErrorPpm: ppm };
    case 'wrong-bytes':
      return { wrongReadPpm: ppm };
    case 'short-read':
      return { shortReadPpm: ppm };
    case 'slow':
      return { readMs: 300, storeMs: 800, jitterMs: 400, syncMs: 10_000 };
  }
}

function liesOf({ peers }: TrackerAnswer): TrackerAnswer {
  return { peers: peers.map((_, i) => lies[i % lies.length]!), intervalSeconds: 1_000_000, seeds: 1_000_000 };
}
