/**
 * Runs one swarm, drawn from a seed or described in a file. A failing plan is run a second time, identically,
 * with its last events kept.
 */
import process from 'node:process';
import { drawPlan } from '../plan/draw.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import { shrinkPlan } from '../plan/shrink.ts';
import { filmRun, runPage } from '../report/run-page.ts';
import { isOfSwarm, type RunResult } from '../runner/result.ts';
import { type RunOptions, runPlan } from '../runner/run-plan.ts';
import * as drawn from '../runner/run-seed.ts';
import type { SimOptions } from './options.ts';
import { peerTable } from './peer-table.ts';
import { planText, readPlan, writePlan } from './plan-file.ts';
import { writeReport } from './report-file.ts';
import { failureLines, fileOrigin, type Origin, seedOrigin, summary } from './wording.ts';

const lastEventsKept = 100;
/** The most runs of `--shrink`: a few minutes for a drawn plan. */
const shrinkRunsMax = 5_000;

export function runSeed(seed: number, options: SimOptions): number {
  if (!options.json) console.log(`seed ${seed}`);
  return runAndTell(drawPlan(seed), runSeedTwice(seed), seedOrigin(seed), options);
}

export function runScenarioFile(file: string, options: SimOptions): number {
  const plan = readPlan(file);
  if (!options.json) console.log(`seed ${plan.seed}, ${plan.name ?? file}`);
  return runAndTell(plan, runPlanTwice(plan), fileOrigin(file), options);
}

function runAndTell(plan: SwarmPlan, result: RunResult, origin: Origin, options: SimOptions): number {
  if (options.json) console.log(JSON.stringify(result));
  else for (const line of failureLines(result, origin)) console.log(line);
  if (options.report !== undefined)
    reportRun({ plan, origin, result }, options.report, options.beside, options.json);
  // Only swarms are shrunk. A failed storage run or engine part is small already, and its last calls are
  // printed.
  if (result.failure !== undefined && isOfSwarm(result.failure) && options.shrink)
    shrinkAndTell(plan, result, options);
  if (!options.json) for (const line of [...peerTable(result.peers), summary(result)]) console.log(line);
  return result.failure === undefined ? 0 : 1;
}

interface ToldRun {
  readonly plan: SwarmPlan;
  readonly origin: Origin;
  readonly result: RunResult;
}

/** The second run is filmed: a plan always gives the same run. */
function reportRun({ plan, origin }: ToldRun, file: string, beside: string | undefined, json: boolean): void {
  const runs = [{ plan, origin }, ...(beside === undefined ? [] : [planCalled(beside)])];
  const filmed = runs.map((run) => filmRun(run.origin.what, run.origin.command, run.plan));
  writeReport(file, runPage(filmed));
  if (!json) console.log(`the report is in ${file}`);
}

/** A seed if the text is a number, else a file. */
function planCalled(text: string): Pick<ToldRun, 'plan' | 'origin'> {
  const isSeed = /^\d+$/.test(text) && Number(text) <= 0xffff_ffff;
  return isSeed
    ? { plan: drawPlan(Number(text)), origin: seedOrigin(Number(text)) }
    : { plan: readPlan(text), origin: fileOrigin(text) };
}

/** Recording events doubles the cost of a run, so only a failing plan is recorded, in a second run. */
function runPlanTwice(plan: SwarmPlan): RunResult {
  return twice((options) => runPlan(plan, options));
}

export function runSeedTwice(seed: number): RunResult {
  return twice((options) => drawn.runSeed(seed, options));
}

function twice(run: (options?: RunOptions) => RunResult): RunResult {
  const result = run();
  return result.failure === undefined ? result : run({ lastEvents: lastEventsKept });
}

/** The plan goes to the file of `--out`, or to stdout; progress goes to stderr. */
function shrinkAndTell(plan: SwarmPlan, { failure }: RunResult, { out, json }: SimOptions): void {
  const checker = failure!.checker;
  const smallest = shrinkPlan(plan, (smaller) => runPlan(smaller).failure?.checker === checker, {
    runsMax: shrinkRunsMax,
    onSmaller: ({ peers, faults = [] }, runs) =>
      process.stderr.write(`shrink: ${peers.length} peers, ${faults.length} faults after ${runs} runs\n`),
  });
  const named: SwarmPlan = {
    name: `seed-${plan.seed}`,
    story: `${checker}: ${failure!.message}`.slice(0, 2_000),
    ...smallest,
  };
  if (out !== undefined) {
    writePlan(out, named);
    if (!json) console.log(`the smallest plan that fails so is in ${out}`);
  } else if (!json) {
    console.log(planText(named));
  }
}
