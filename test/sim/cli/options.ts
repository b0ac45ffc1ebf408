/** The options of `npm run sim`: what to run, and how to print the result. */
import { parseArgs } from 'node:util';
import { simProgram } from './sim-program.ts';

export const usage = `${simProgram} [what] [how]

what  --seed S              one drawn swarm; without anything, one from the clock
      --seeds N [--from S]  N drawn swarms, one after the other seed, on all cores
      --sessions N [--from S]  N drawn sessions of several torrents
      --coverage            which branches of the engine --seeds N drawn swarms never reach
      --scenario FILE       a swarm described in a JSON file
      --replay FILE         the recording of a real run (cicada download --record FILE)
      --experiment NAME     a measured scenario; --peers N, --seed S; "list" prints their names
how   --json                one document on stdout
      --shrink              a failing swarm is made smaller and written to --out FILE
      --jobs N              processes for --seeds
      --report FILE.html    a page of plots: the swarm over time, or those of --experiment
      --beside SEED|FILE    a second swarm in the report, on the same scale
      --help                this`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'sim-usage';
}

export type Task =
  | { readonly kind: 'help' }
  | { readonly kind: 'seed'; readonly seed: number }
  | { readonly kind: 'seeds'; readonly from: number; readonly count: number }
  | { readonly kind: 'sessions'; readonly from: number; readonly count: number }
  | { readonly kind: 'coverage'; readonly from: number; readonly count: number }
  | { readonly kind: 'scenario'; readonly file: string }
  | { readonly kind: 'replay'; readonly file: string }
  | {
      readonly kind: 'experiment';
      readonly name: string;
      readonly peers: number | undefined;
      readonly seed: number | undefined;
      readonly report: string | undefined;
    };

export interface SimOptions {
  readonly task: Task;
  readonly json: boolean;
  readonly shrink: boolean;
  readonly out: string | undefined;
  /** A page of one run, and of a second run beside it: a seed or a file. */
  readonly report: string | undefined;
  readonly beside: string | undefined;
  readonly jobs: number;
}

/** `clockSeed` is used when no seed is given. Throws a UsageError. */
export function readOptions(args: readonly string[], clockSeed: number, coreCount: number): SimOptions {
  const { values } = parse(args);
  const seed = integer('seed', values.seed, 0, 0xffff_ffff);
  const seeds = integer('seeds', values.seeds, 1, 0xffff_ffff);
  const sessions = integer('sessions', values.sessions, 1, 0xffff_ffff);
  const from = integer('from', values.from, 0, 0xffff_ffff);
  const peers = integer('peers', values.peers, 2, 5_000);
  const { scenario, replay, experiment } = values;
  const named = [values.seeds, values.sessions, scenario, replay, experiment].filter((v) => v !== undefined);
  if (named.length > 1)
    throw new UsageError('one of --seeds, --sessions, --scenario, --replay and --experiment at a time');
  const task = taskOf();
  const isOneRun = task.kind === 'seed' || task.kind === 'scenario';
  if (values.report !== undefined && !isOneRun && task.kind !== 'experiment')
    throw new UsageError('--report goes with --seed, --scenario or --experiment');
  if (values.beside !== undefined && (!isOneRun || values.report === undefined))
    throw new UsageError('--beside goes with --report, and with --seed or --scenario');
  return {
    task,
    json: values.json ?? false,
    shrink: values.shrink ?? false,
    out: values.out,
    report: values.report,
    beside: values.beside,
    jobs: integer('jobs', values.jobs, 1, 256) ?? coreCount,
  };

  function taskOf(): Task {
    const { help, report } = values;
    if (help === true) return { kind: 'help' };
    if (scenario !== undefined) return { kind: 'scenario', file: scenario };
    if (replay !== undefined) return { kind: 'replay', file: replay };
    if (experiment !== undefined) return { kind: 'experiment', name: experiment, peers, seed, report };
    if (values.coverage === true)
      return { kind: 'coverage', from: from ?? seed ?? 1, count: seeds ?? coverageSeeds };
    if (sessions !== undefined) return { kind: 'sessions', from: from ?? seed ?? clockSeed, count: sessions };
    if (seeds !== undefined) return { kind: 'seeds', from: from ?? seed ?? clockSeed, count: seeds };
    return { kind: 'seed', seed: seed ?? from ?? clockSeed };
  }
}

/** Reaches nearly every branch that seeds can reach; more seeds rarely add one. */
const coverageSeeds = 500;

const options = {
  coverage: { type: 'boolean' },
  seed: { type: 'string' },
  seeds: { type: 'string' },
  sessions: { type: 'string' },
  from: { type: 'string' },
  scenario: { type: 'string' },
  replay: { type: 'string' },
  experiment: { type: 'string' },
  peers: { type: 'string' },
  report: { type: 'string' },
  beside: { type: 'string' },
  json: { type: 'boolean' },
  shrink: { type: 'boolean' },
  out: { type: 'string' },
  jobs: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function integer(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name} takes an integer from ${min} to ${max}, not "${text}"`);
}
