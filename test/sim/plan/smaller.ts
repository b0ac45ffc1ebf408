/**
 * The next smaller plans of a plan. Each lacks one thing; the largest things are removed first. References to
 * removed names are removed as well, so every smaller plan is valid.
 */
import { assertLimits, defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import { callSheet } from './cast.ts';
import { endOf } from './draw-faults.ts';
import { fitFiles } from './files.ts';
import type { Fault, PeerPlan, SwarmPlan, TorrentPlan } from './schema.ts';

export function* smallerPlans(plan: SwarmPlan): Generator<SwarmPlan> {
  yield* withFewer(plan.faults ?? [], (faults) => heal({ ...plan, faults }));
  yield* withFewer(plan.peers, (peers) => (peers.length === 0 ? undefined : keepPeers(plan, peers)));
  yield* withSmallerGroups(plan);
  yield* withFewer(plan.trackers ?? [], (trackers) => keepTrackers(plan, trackers));
  yield* withFewer(Object.entries(plan.limits ?? {}), (limits) =>
    keepLimits(plan, Object.fromEntries(limits)),
  );
  yield* withFewer(plan.torrents ?? [], (torrents) => keepTorrents(plan, torrents));
  yield* withSmallerTorrent(plan);
  for (const key of ['strangers', 'members', 'hostileBytes', 'wireTalk'] as const)
    if (plan[key] !== undefined) yield without(plan, key);
  yield* withShorterPlays(plan);
  if (plan.streams === 'recut') yield { ...plan, streams: 'whole' };
  yield* withPlainerPeers(plan);
  yield* withPlainerPlaces(plan);
  yield* withFewerParts(plan);
  yield* withLessTime(plan);
}

/** Without a half of the items, a quarter, … and at last without each. */
function* withFewer<T>(
  items: readonly T[],
  build: (kept: T[]) => SwarmPlan | undefined,
): Generator<SwarmPlan> {
  for (let run = items.length; run >= 1; run = run === 1 ? 0 : Math.ceil(run / 2)) {
    for (let from = 0; from < items.length; from += run) {
      const plan = build([...items.slice(0, from), ...items.slice(from + run)]);
      if (plan !== undefined) yield plan;
    }
  }
}

function* withSmallerGroups(plan: SwarmPlan): Generator<SwarmPlan> {
  for (const [i, peer] of plan.peers.entries()) {
    if ((peer.count ?? 1) <= 1) continue;
    const peers = plan.peers.with(i, { ...peer, count: Math.floor(peer.count! / 2) });
    yield keepPeers(plan, peers);
    yield keepPeers(plan, plan.peers.with(i, { ...peer, count: peer.count! - 1 }));
  }
}

function* withSmallerTorrent(plan: SwarmPlan): Generator<SwarmPlan> {
  const { torrent } = plan;
  const { pieces, pieceBytes, lastPieceBytes, files } = torrent;
  for (const fewer of [1, Math.floor(pieces / 2), pieces - 1])
    if (fewer >= 1 && fewer < pieces) yield keepPieces(plan, fewer);
  if (files !== undefined) yield { ...plan, torrent: without(torrent, 'files') };
  const withFiles = (smaller: TorrentPlan) => fitFiles(files === undefined ? smaller : { ...smaller, files });
  if (lastPieceBytes !== undefined) yield { ...plan, torrent: withFiles({ pieces, pieceBytes }) };
  for (const smaller of [16_384, Math.floor(pieceBytes / 2)])
    if (smaller >= 1 && smaller < pieceBytes)
      yield { ...plan, torrent: withFiles({ pieces, pieceBytes: smaller }) };
  yield* withFewer(files ?? [], (fewer) =>
    fewer.length === 0 ? undefined : { ...plan, torrent: fitFiles({ ...torrent, files: fewer }) },
  );
}

/** Fewer steps of what runs beside the swarm. */
function* withShorterPlays(plan: SwarmPlan): Generator<SwarmPlan> {
  const halves = <T extends { readonly steps: number }>(play: T | undefined, by: number): T | undefined =>
    play === undefined || play.steps === 1
      ? undefined
      : { ...play, steps: Math.max(1, play.steps - Math.ceil(play.steps / by)) };
  for (const by of [2, 1_000])
    for (const key of ['strangers', 'members', 'hostileBytes', 'wireTalk'] as const) {
      const shorter = halves<{ readonly steps: number }>(plan[key], by);
      if (shorter !== undefined) yield { ...plan, [key]: shorter };
    }
}

/** Optional settings of a peer that can be left out. */
function* withPlainerPeers(plan: SwarmPlan): Generator<SwarmPlan> {
  const extras = [
    'knows',
    'limits',
    'link',
    'trackers',
    'magnet',
    'reachability',
    'mends',
    'family',
    'house',
    'parts',
  ] as const;
  const times = ['joinMs', 'leaveMs', 'uploadBpsMax', 'downloadBpsMax'] as const;
  for (const [i, peer] of plan.peers.entries())
    for (const key of [...extras, ...times])
      if (peer[key] !== undefined) yield { ...plan, peers: plan.peers.with(i, without(peer, key)) };
}

function* withPlainerPlaces(plan: SwarmPlan): Generator<SwarmPlan> {
  const { houses = [], trackers = [] } = plan;
  const isUsed = (house: string) => plan.peers.some((peer) => peer.house === house);
  if (houses.some(({ name }) => !isUsed(name)))
    yield { ...plan, houses: houses.filter(({ name }) => isUsed(name)) };
  for (const [i, tracker] of trackers.entries())
    if (tracker.family !== undefined)
      yield { ...plan, trackers: trackers.with(i, without(tracker, 'family')) };
}

function* withLessTime(plan: SwarmPlan): Generator<SwarmPlan> {
  const faults = plan.faults ?? [];
  for (const [i, fault] of faults.entries()) {
    for (const shorter of shorterFaults(fault)) yield heal({ ...plan, faults: faults.with(i, shorter) });
  }
}

function* shorterFaults(fault: Fault): Generator<Fault> {
  if ('powerCut' in fault) yield without(fault, 'powerCut');
  if ('oneWay' in fault) yield without(fault, 'oneWay');
  if ('ppm' in fault) yield without(fault, 'ppm');
  if ('place' in fault) yield without(fault, 'place');
  if ('forMs' in fault && fault.forMs !== undefined) {
    for (const forMs of [1_000, Math.floor(fault.forMs / 2)])
      if (forMs >= 1 && forMs < fault.forMs) yield { ...fault, forMs };
  }
  for (const atMs of [0, Math.floor(fault.atMs / 2), Math.floor(fault.atMs / 1_000) * 1_000])
    if (atMs < fault.atMs) yield { ...fault, atMs };
}

// Repairs ---------------------------------------------------------------------------------------------------

function keepPeers(plan: SwarmPlan, kept: readonly PeerPlan[]): SwarmPlan {
  const known = new Set(callSheet({ peers: [...kept] }).keys());
  const left = (names: readonly string[]) => names.filter((name) => known.has(name));
  const peers = kept.map((peer) => {
    const knows = left(peer.knows ?? []);
    return knows.length === 0 ? without(peer, 'knows') : { ...peer, knows };
  });
  const faults = (plan.faults ?? []).flatMap((fault): Fault[] => {
    if ('tracker' in fault) return [fault];
    if (fault.type === 'partition') {
      const [from, to] = [left(fault.from), left(fault.to)];
      return from.length === 0 || to.length === 0 ? [] : [{ ...fault, from, to }];
    }
    const called = left(fault.peers);
    return called.length === 0 ? [] : [{ ...fault, peers: called }];
  });
  return heal({ ...plan, peers, faults });
}

function keepTorrents(plan: SwarmPlan, torrents: NonNullable<SwarmPlan['torrents']>): SwarmPlan {
  const known = new Set(torrents.map(({ name }) => name));
  const peers = plan.peers.map((peer) => {
    const parts = peer.parts?.filter(({ torrent }) => known.has(torrent)) ?? [];
    return parts.length === 0 ? without(peer, 'parts') : { ...peer, parts };
  });
  return { ...plan, torrents, peers };
}

function* withFewerParts(plan: SwarmPlan): Generator<SwarmPlan> {
  for (const [i, peer] of plan.peers.entries()) {
    for (const [j, part] of (peer.parts ?? []).entries()) {
      const withParts = (parts: NonNullable<PeerPlan['parts']>) => ({
        ...plan,
        peers: plan.peers.with(i, { ...peer, parts }),
      });
      yield withParts(peer.parts!.toSpliced(j, 1));
      if (part.againMs !== undefined) yield withParts(peer.parts!.with(j, without(part, 'againMs')));
      if (part.stopMs !== undefined && part.againMs === undefined)
        yield withParts(peer.parts!.with(j, without(part, 'stopMs')));
    }
  }
}

function keepTrackers(plan: SwarmPlan, trackers: NonNullable<SwarmPlan['trackers']>): SwarmPlan {
  const known = new Set(trackers.map(({ name }) => name));
  const peers = plan.peers.map((peer) =>
    peer.trackers === undefined
      ? peer
      : { ...peer, trackers: peer.trackers.filter((name) => known.has(name)) },
  );
  const faults = (plan.faults ?? []).filter((fault) => !('tracker' in fault) || known.has(fault.tracker));
  return heal({ ...plan, trackers, peers, faults });
}

function keepPieces(plan: SwarmPlan, pieces: number): SwarmPlan {
  const left = (indexes: readonly number[]) => indexes.filter((pieceIndex) => pieceIndex < pieces);
  const peers = plan.peers.map((peer): PeerPlan => {
    const { has } = peer;
    if (Array.isArray(has)) return { ...peer, has: left(has) };
    return typeof has === 'object' && 'lacks' in has ? { ...peer, has: { lacks: left(has.lacks) } } : peer;
  });
  return { ...plan, torrent: fitFiles({ ...plan.torrent, pieces }), peers };
}

/** Undefined when the remaining limits contradict the defaults. */
function keepLimits(plan: SwarmPlan, limits: Partial<Limits>): SwarmPlan | undefined {
  try {
    assertLimits({ ...defaultLimits, ...limits });
    for (const peer of plan.peers) assertLimits({ ...defaultLimits, ...limits, ...peer.limits });
    return { ...plan, limits };
  } catch {
    return undefined;
  }
}

/** The plan heals as soon as its last fault is over. */
function heal(plan: SwarmPlan): SwarmPlan {
  return plan.healMs === undefined
    ? plan
    : { ...plan, healMs: Math.min(plan.healMs, endOf(plan.faults ?? [])) };
}

function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object;
  return rest;
}
