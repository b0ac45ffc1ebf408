#!/usr/bin/env node
/**
 * `npm run sim:mutants [-- part of a name]`: does the simulator find bugs? Each mutant is applied to a copy
 * of the tree, and drawn swarms look for it. The table lists the seed and the checker that found it, and the
 * hostile actor that was needed. Exit code 1 when a mutant was not found.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { askWorker, runSeeds } from '../cli/seed-pool.ts';
import { drawPlan } from '../plan/draw.ts';
import { smallerPlans } from '../plan/smaller.ts';
import { isOfSwarm } from '../runner/result.ts';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { MutantError, MutatedTree } from './mutated-tree.ts';

/** A mutant that this many seeds do not find got away. */
const seedsMax = 500;
/** Half a minute of one core: it finds mutants that loop endlessly. */
const seedMsMax = 30_000;

interface Catch {
  readonly mutant: string;
  /** The seed that found it. Undefined: it got away. */
  readonly seed: number | undefined;
  readonly checker: string;
  readonly actor: string;
}

async function hunt(tree: MutatedTree, mutant: Mutant): Promise<Catch> {
  const restore = tree.apply(mutant);
  try {
    const worker = tree.workerFor(mutant);
    const range = { from: 1, count: seedsMax, jobs: availableParallelism(), worker, seedMsMax };
    const { failure } = await runSeeds(range);
    const { name } = mutant;
    if (failure === undefined) return { mutant: name, seed: undefined, checker: '', actor: '' };
    if (failure.kind === 'lost') {
      // An endless loop is found by the time limit. A mutant that does not even run is an error in the list.
      const neverEnds = failure.reason.startsWith('no result');
      if (!neverEnds) throw new Error(`the mutant "${name}" does not run: ${failure.reason}`);
      return { mutant: name, seed: failure.seed, checker: 'never ends', actor: '' };
    }
    const { checker } = failure.result.failure!;
    const actor = isOfSwarm(failure.result.failure!) ? await actorBehind(worker, failure.seed) : '';
    return { mutant: name, seed: failure.seed, checker, actor };
  } finally {
    restore();
  }
}

/** The roles of the hostile peers without which the same seed would not have found the mutant. */
async function actorBehind(worker: URL, seed: number): Promise<string> {
  const plan = drawPlan(seed);
  const needed: string[] = [];
  for (const { name, role = 'honest' } of plan.peers) {
    if (role === 'honest') continue;
    const without = [...smallerPlans(plan)].find(
      ({ peers }) => peers.length === plan.peers.length - 1 && peers.every((peer) => peer.name !== name),
    );
    if (without === undefined) continue;
    const result = await askWorker(worker, without, seedMsMax);
    if (result !== undefined && result.failure === undefined) needed.push(role);
  }
  return needed.join(', ');
}

function line({ mutant, seed, checker, actor }: Catch): string {
  const columns = [
    mutant.padEnd(58),
    (seed === undefined ? 'GOT AWAY' : String(seed)).padStart(8),
    checker.padEnd(28),
    actor,
  ];
  return columns.join('  ').trimEnd();
}

const wanted = process.argv.slice(2);
const hunted = mutants.filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
);
const tree = new MutatedTree();
try {
  // The whole list is checked first: an outdated mutant is an error in the list, and not a catch.
  const outOfDate = mutants.filter((mutant) => !tree.fits(mutant));
  if (outOfDate.length > 0) throw new MutantError(outOfDate);
  console.log(
    line({ mutant: 'mutant', seed: undefined, checker: 'checker', actor: 'actor' }).replace(
      'GOT AWAY',
      '    seed',
    ),
  );
  let gotAway = 0;
  for (const mutant of hunted) {
    const caught = await hunt(tree, mutant);
    if (caught.seed === undefined) gotAway += 1;
    console.log(line(caught));
  }
  console.log(`${hunted.length - gotAway} of ${hunted.length} found within ${seedsMax} seeds`);
  process.exitCode = gotAway === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof MutantError)) throw error;
  console.error(`sim:mutants: ${error.message}`);
  process.exitCode = 1;
} finally {
  tree.remove();
}
