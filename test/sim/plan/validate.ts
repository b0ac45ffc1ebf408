/**
 * Validates plans: unknown data → a SwarmPlan, or an error that says what is wrong, where, and what was
 * expected. Shapes come first (schema.ts), then references to names and the relations between limits.
 */
import type { TSchema } from 'typebox';
import { assertLimits, defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import { bytesOf } from './files.ts';
import { nearestOf } from './nearest-word.ts';
import {
  type Fault,
  faultSchemas,
  type PartPlan,
  type PeerPlan,
  peersMax,
  planSchema,
  type SwarmPlan,
  type TorrentPlan,
} from './schema.ts';
import { quoteAll, shapeProblem } from './shape-problem.ts';

const namesToldMax = 20;

export class PlanError extends Error {
  override readonly name = 'PlanError';
  readonly code = 'plan-invalid';
  /** Like `peers[2].link.latencyMs`; empty for the plan itself. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path === '' ? 'the plan' : path}: ${problem}`);
    this.path = path;
  }
}

/** Throws a PlanError. Returns the value itself, unchanged. */
export function validatePlan(value: unknown): SwarmPlan {
  checkShape(planSchema, value, '');
  const plan = value as SwarmPlan;
  for (const [i, fault] of (plan.faults ?? []).entries())
    checkShape(faultSchemas[fault.type], fault, `faults[${i}]`);
  checkSizes(plan);
  checkNames(plan);
  checkLimits(plan.limits, {}, 'limits');
  for (const [i, peer] of plan.peers.entries())
    checkLimits(peer.limits, plan.limits ?? {}, `peers[${i}].limits`);
  return plan;
}

// Shapes ----------------------------------------------------------------------------------------------------

function checkShape(schema: TSchema, value: unknown, path: string): void {
  const found = shapeProblem(schema, value);
  if (found === undefined) return;
  throw new PlanError([path, found.path].filter((part) => part !== '').join('.'), found.problem);
}

// Relations -------------------------------------------------------------------------------------------------

function checkSizes({ torrent, peers }: SwarmPlan): void {
  if ((torrent.lastPieceBytes ?? 1) > torrent.pieceBytes)
    throw new PlanError('torrent.lastPieceBytes', `more than pieceBytes, which is ${torrent.pieceBytes}`);
  checkFiles(torrent, 'torrent');
  const peerCount = peers.reduce((sum, { count = 1 }) => sum + count, 0);
  if (peerCount > peersMax) throw new PlanError('peers', `${peerCount} peers; at most ${peersMax}`);
  for (const [i, { has, joinMs = 0, leaveMs }] of peers.entries()) {
    const beyond = piecesNamed(has).find((pieceIndex) => pieceIndex >= torrent.pieces);
    if (beyond !== undefined)
      throw new PlanError(`peers[${i}].has`, `piece ${beyond} of a torrent of ${torrent.pieces} pieces`);
    if (leaveMs !== undefined && leaveMs <= joinMs)
      throw new PlanError(`peers[${i}].leaveMs`, `${leaveMs} is not after joinMs, which is ${joinMs}`);
  }
}

function piecesNamed(has: PeerPlan['has']): readonly number[] {
  if (Array.isArray(has)) return has;
  return typeof has === 'object' && 'lacks' in has ? has.lacks : [];
}

function checkFiles(torrent: TorrentPlan, path: string): void {
  if (torrent.files === undefined) return;
  const sum = torrent.files.reduce((total, { bytes }) => total + bytes, 0);
  const totalBytes = bytesOf(torrent);
  if (sum !== totalBytes)
    throw new PlanError(`${path}.files`, `${sum} bytes together; the pieces have ${totalBytes}`);
}

function checkParts(
  parts: readonly PartPlan[],
  torrents: ReadonlyMap<string, TorrentPlan>,
  path: string,
): void {
  expectAll(
    parts.map(({ torrent }) => torrent),
    new Set(torrents.keys()),
    path,
  );
  if (new Set(parts.map(({ torrent }) => torrent)).size < parts.length)
    throw new PlanError(path, 'two in one torrent');
  for (const { torrent, has, stopMs = 0, againMs = stopMs + 1 } of parts) {
    const { pieces } = torrents.get(torrent)!;
    const beyond = piecesNamed(has).find((pieceIndex) => pieceIndex >= pieces);
    if (beyond !== undefined) throw new PlanError(path, `piece ${beyond} of a torrent of ${pieces} pieces`);
    if (againMs <= stopMs)
      throw new PlanError(path, `againMs ${againMs} is not after stopMs, which is ${stopMs}`);
  }
}

function checkNames(plan: SwarmPlan): void {
  const peers = new Set<string>();
  for (const [i, { name, count }] of plan.peers.entries()) {
    const own =
      count === undefined ? [name] : [name, ...Array.from({ length: count }, (_, n) => `${name}-${n}`)];
    for (const each of own) {
      if (peers.has(each)) throw new PlanError(`peers[${i}].name`, `${quoteAll([each])} is taken already`);
      peers.add(each);
    }
  }
  const trackers = new Set<string>();
  for (const [i, { name }] of (plan.trackers ?? []).entries()) {
    if (trackers.has(name))
      throw new PlanError(`trackers[${i}].name`, `${quoteAll([name])} is taken already`);
    trackers.add(name);
  }
  const others = new Map((plan.torrents ?? []).map((torrent) => [torrent.name, torrent]));
  if (others.size < (plan.torrents?.length ?? 0)) throw new PlanError('torrents', 'two have one name');
  for (const [i, torrent] of (plan.torrents ?? []).entries()) {
    if ((torrent.lastPieceBytes ?? 1) > torrent.pieceBytes)
      throw new PlanError(
        `torrents[${i}].lastPieceBytes`,
        `more than pieceBytes, which is ${torrent.pieceBytes}`,
      );
    checkFiles(torrent, `torrents[${i}]`);
  }
  for (const [i, { parts = [] }] of plan.peers.entries()) checkParts(parts, others, `peers[${i}].parts`);
  const houses = new Set((plan.houses ?? []).map(({ name }) => name));
  if (houses.size < (plan.houses?.length ?? 0)) throw new PlanError('houses', 'two have one name');
  for (const [i, peer] of plan.peers.entries()) {
    expectAll(peer.house === undefined ? [] : [peer.house], houses, `peers[${i}].house`);
    expectAll(peer.trackers, trackers, `peers[${i}].trackers`);
    expectAll(peer.knows, peers, `peers[${i}].knows`);
  }
  for (const [i, fault] of (plan.faults ?? []).entries())
    for (const [key, called] of Object.entries(targetsOf(fault)))
      expectAll(called, key === 'tracker' ? trackers : peers, `faults[${i}].${key}`);
}

/** The names that a fault refers to, by their key. */
function targetsOf(fault: Fault): Readonly<Record<string, readonly string[]>> {
  if ('tracker' in fault) return { tracker: [fault.tracker] };
  return fault.type === 'partition' ? { from: fault.from, to: fault.to } : { peers: fault.peers };
}

function expectAll(called: readonly string[] | undefined, known: ReadonlySet<string>, path: string): void {
  const stranger = called?.find((name) => !known.has(name));
  if (stranger === undefined) return;
  const names = [...known];
  const nearest = nearestOf(stranger, names);
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  throw new PlanError(
    path,
    `no one is called "${stranger}"${hint}; there ${names.length > 1 ? 'are' : 'is'} ${listed(names)}`,
  );
}

/** A plan may have thousands of names. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no name here';
  const more = names.length - namesToldMax;
  return `${quoteAll(names.slice(0, namesToldMax))}${more > 0 ? ` and ${more} more` : ''}`;
}

function checkLimits(own: Partial<Limits> | undefined, base: Partial<Limits>, path: string): void {
  if (own === undefined) return;
  try {
    assertLimits({ ...defaultLimits, ...base, ...own });
  } catch (error) {
    throw new PlanError(path, (error as Error).message.replace(/^limits: /, ''));
  }
}
