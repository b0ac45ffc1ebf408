/**
 * Draws the faults of a plan, and when all of them have healed. First each kind of fault is drawn to occur or
 * not, with even odds.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import {
  contentKinds,
  diskKinds,
  type Fault,
  type FaultType,
  faultTypes,
  type PeerPlan,
  type TrackerPlan,
  trackerKinds,
} from './schema.ts';

/** Content faults, restarts and choices are drawn elsewhere, so that the other kinds keep their frequency. */
const oldKinds = faultTypes.filter((type) => !['content', 'restart', 'choice'].includes(type));
/** Faults begin within this time, because most drawn swarms are busy for that long. */
export const beginMsMax = 40_000;
const faultsMax = 8;

export function drawFaults(
  random: Prng,
  peers: readonly PeerPlan[],
  trackers: readonly TrackerPlan[],
): { faults: Fault[]; healMs: number } {
  // One swarm in eight has no faults: it must be fast, and no fault hides what peers do to each other.
  if (random.below(8) === 0) return { faults: [], healMs: 0 };
  const kinds = oldKinds.filter(
    (type) => (trackers.length > 0 || !type.startsWith('tracker')) && random.below(2) === 0,
  );
  if (kinds.length === 0) return { faults: [], healMs: 0 };
  const honest = peers.filter(({ role = 'honest' }) => role === 'honest').map(({ name }) => name);
  const faults = Array.from({ length: 1 + random.below(faultsMax) }, () =>
    drawFault(random, kinds[random.below(kinds.length)]!, honest, trackers),
  );
  return { faults, healMs: endOf(faults) };
}

/**
 * In one swarm of three, folders are moved, and files deleted or changed, while the program runs, is stopped
 * or has crashed. The only holder of a piece may lose it: then other peers need not complete.
 */
export function drawContentFaults(random: Prng, peers: readonly PeerPlan[]): Fault[] {
  if (random.below(3) > 0) return [];
  const honest = peers.filter(({ role = 'honest' }) => role === 'honest').map(({ name }) => name);
  return Array.from({ length: 1 + random.below(4) }, () => drawContentFault(random, honest)).flat();
}

function drawContentFault(random: Prng, honest: readonly string[]): Fault[] {
  const peers = drawNames(random, honest);
  const atMs = random.below(beginMsMax);
  const kind = contentKinds[random.below(random.below(3) === 0 ? 4 : 3)]!;
  const isForGood = kind !== 'moved' || random.below(4) === 0;
  const place = random.below(1_000);
  const fault: Fault = {
    ...{ type: 'content', peers, atMs, kind, place },
    ...(isForGood ? {} : { forMs: 1 + random.below(30_000) }),
  };
  if (random.below(2) === 0) return [fault];
  // The content fault happens while the program does not run, or a moment before or after.
  const beginMs = Math.max(0, atMs - random.below(5_000));
  const stop = { peers, atMs: beginMs, forMs: 2_000 + random.below(10_000) };
  const powerCut = random.below(2) === 0;
  return random.below(3) === 0
    ? [{ type: 'crash', ...stop, powerCut }, fault]
    : [{ type: 'restart', ...stop }, fault];
}

/** When the last fault is over. */
export function endOf(faults: readonly Fault[]): number {
  return Math.max(0, ...faults.map((fault) => fault.atMs + ('forMs' in fault ? (fault.forMs ?? 0) : 0)));
}

function drawFault(
  random: Prng,
  type: FaultType,
  honest: readonly string[],
  trackers: readonly TrackerPlan[],
): Fault {
  const atMs = random.below(beginMsMax);
  const forMs = random.below(4) === 0 ? 1 + random.below(120_000) : 1 + random.below(15_000);
  const peers = drawNames(random, honest);
  const tracker = () => trackers[random.below(trackers.length)]!.name;
  switch (type) {
    case 'crash':
      return { type, peers, atMs, forMs, powerCut: random.below(2) === 0 };
    case 'restart':
    case 'freeze':
    case 'clog':
      return { type, peers, atMs, forMs };
    case 'content':
      return { type, peers, atMs, forMs, kind: 'moved' };
    case 'choice':
      return { type, peers, atMs, forMs, wantedPerMille: 500 };
    case 'reset':
      return { type, peers, atMs };
    case 'loss':
      return {
        type,
        peers,
        atMs,
        forMs,
        lossPpm: random.below(300_000),
        resetPpm: random.below(2) === 0 ? 0 : random.below(20_000),
      };
    case 'partition':
      return { type, from: peers, to: drawNames(random, honest), atMs, forMs, oneWay: random.below(2) === 0 };
    case 'disk':
      return {
        type,
        peers,
        atMs,
        forMs,
        kind: diskKinds[random.below(diskKinds.length)]!,
        ...(random.below(2) === 0 ? { ppm: 50_000 + random.below(950_000) } : {}),
      };
    case 'clock-jump':
      return {
        type,
        peers,
        atMs,
        byMs: random.below(3) === 0 ? 1 + random.below(3_600) * 1_000 : 1 + random.below(20_000),
      };
    case 'tracker':
      return {
        type,
        tracker: tracker(),
        atMs,
        forMs,
        kind: trackerKinds[random.below(trackerKinds.length)]!,
      };
    case 'tracker-restart':
      return {
        ...{ type, tracker: tracker(), atMs },
        ...(random.below(2) === 0 ? { snapshot: true } : {}),
        ...(random.below(3) === 0 ? { silent: true } : {}),
      };
  }
}

/** Mostly one name, sometimes several. */
export function drawNames(random: Prng, names: readonly string[]): string[] {
  const count = random.below(3) === 0 ? 1 + random.below(Math.min(4, names.length)) : 1;
  const drawn = new Set<string>();
  for (let i = 0; i < count; i++) drawn.add(names[random.below(names.length)]!);
  return [...drawn];
}
