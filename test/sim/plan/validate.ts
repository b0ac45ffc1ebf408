/**
 * The door for plans: unknown data → a SwarmPlan, or an error that says where it is wrong, what was expected and what
 * is there. Shapes first (schema.ts), then that every name is somebody's and the limits hold together.
 */
import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { assertLimits, defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import { type Fault, faultSchemas, peersMax, planSchema, type SwarmPlan } from './schema.ts';

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

/** Throws a PlanError. The plan is the value itself: nothing is added or left out. */
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

// Shapes --------------------------------------------------------------------------------------------------------------

function checkShape(schema: TSchema, value: unknown, path: string): void {
  if (Value.Check(schema, value)) return;
  const errors = Value.Errors(schema, value).filter((error) => error.keyword !== 'boolean');
  const error = mostTelling(errors);
  const at = [path, spell(error.instancePath)].filter((part) => part !== '').join('.');
  const found = Value.Pointer.Get(value, error.instancePath);
  throw new PlanError(at, problemOf(error, found));
}

/** Of a choice of shapes the errors of every choice are told: one inside it says more than that none fits. */
function mostTelling(errors: readonly ShapeError[]): ShapeError {
  const choice = errors.find(({ keyword }) => keyword === 'anyOf');
  if (choice === undefined) return errors[0]!;
  return errors.find(({ instancePath }) => instancePath.startsWith(`${choice.instancePath}/`)) ?? choice;
}

interface ShapeError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message: string;
  readonly params: object;
}

function problemOf({ keyword, message, params }: ShapeError, found: unknown): string {
  if ('additionalProperties' in params)
    return `there is no ${quoteAll(params.additionalProperties as string[])}; is it misspelt?`;
  if ('requiredProperties' in params) return `${quoteAll(params.requiredProperties as string[])} is missing`;
  if ('allowedValues' in params)
    return `${show(found)} is none of ${quoteAll(params.allowedValues as string[])}`;
  if (keyword === 'anyOf') return `${show(found)} has none of the shapes this may have`;
  return `${message}, and is ${show(found)}`;
}

/** /peers/2/link → peers[2].link */
function spell(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step, i) => (/^\d+$/.test(step) ? `[${step}]` : `${i === 0 ? '' : '.'}${step}`))
    .join('');
}

function quoteAll(texts: readonly unknown[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ');
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

// Relations -----------------------------------------------------------------------------------------------------------

function checkSizes({ torrent, peers }: SwarmPlan): void {
  if ((torrent.lastPieceBytes ?? 1) > torrent.pieceBytes)
    throw new PlanError('torrent.lastPieceBytes', `more than pieceBytes, which is ${torrent.pieceBytes}`);
  const peerCount = peers.reduce((sum, { count = 1 }) => sum + count, 0);
  if (peerCount > peersMax) throw new PlanError('peers', `${peerCount} peers; at most ${peersMax}`);
  for (const [i, { has, joinMs = 0, leaveMs }] of peers.entries()) {
    const beyond = Array.isArray(has) ? has.find((pieceIndex) => pieceIndex >= torrent.pieces) : undefined;
    if (beyond !== undefined)
      throw new PlanError(`peers[${i}].has`, `piece ${beyond} of a torrent of ${torrent.pieces} pieces`);
    if (leaveMs !== undefined && leaveMs <= joinMs)
      throw new PlanError(`peers[${i}].leaveMs`, `${leaveMs} is not after joinMs, which is ${joinMs}`);
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
  for (const [i, peer] of plan.peers.entries()) {
    expectAll(peer.trackers, trackers, `peers[${i}].trackers`);
    expectAll(peer.knows, peers, `peers[${i}].knows`);
  }
  for (const [i, fault] of (plan.faults ?? []).entries())
    for (const [key, called] of Object.entries(targetsOf(fault)))
      expectAll(called, key === 'tracker' ? trackers : peers, `faults[${i}].${key}`);
}

/** The names a fault calls, by the key they are under. */
export function targetsOf(fault: Fault): Readonly<Record<string, readonly string[]>> {
  if ('tracker' in fault) return { tracker: [fault.tracker] };
  return fault.type === 'partition' ? { from: fault.from, to: fault.to } : { peers: fault.peers };
}

function expectAll(called: readonly string[] | undefined, known: ReadonlySet<string>, path: string): void {
  const stranger = called?.find((name) => !known.has(name));
  if (stranger !== undefined)
    throw new PlanError(path, `${quoteAll([stranger])} is nobody's name in this plan`);
}

function checkLimits(own: Partial<Limits> | undefined, base: Partial<Limits>, path: string): void {
  if (own === undefined) return;
  try {
    assertLimits({ ...defaultLimits, ...base, ...own });
  } catch (error) {
    throw new PlanError(path, (error as Error).message.replace(/^limits: /, ''));
  }
}
