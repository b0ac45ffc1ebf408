/**
 * `--experiment NAME`: runs one experiment, or `all` of them, prints the measurements, and writes a page of
 * plots on request.
 */
import { experiments } from '../experiments/catalogue.ts';
import type { Experiment } from '../experiments/experiment.ts';
import { reportPage } from '../experiments/report-page.ts';
import { type Measured, type Outcome, runExperiment } from '../experiments/run-experiment.ts';
import { type SimOptions, type Task, UsageError } from './options.ts';
import { writeReport } from './report-file.ts';
import { simProgram } from './sim-program.ts';

type ExperimentTask = Extract<Task, { kind: 'experiment' }>;

export function runExperiments(task: ExperimentTask, { json }: SimOptions): number {
  if (task.name === 'list') return list(json);
  const { seed = 1 } = task;
  if (!json) console.log(`seed ${seed}`);
  const measured = chosen(task.name).map((experiment) => {
    const peers = task.peers ?? experiment.peers;
    const result = runExperiment(experiment, { seed, peers });
    if (!json) for (const line of wording(experiment, result.outcome)) console.log(line);
    return result;
  });
  if (task.report !== undefined) reportExperiments(task, seed, measured);
  if (json) {
    const outcomes = measured.map(({ outcome }) => outcome);
    console.log(JSON.stringify(outcomes.length === 1 ? outcomes[0] : outcomes));
  }
  return measured.every(({ outcome }) => outcome.completed === outcome.fetchers) ? 0 : 1;
}

function list(json: boolean): number {
  if (json)
    console.log(JSON.stringify(experiments.map(({ name, story, peers }) => ({ name, story, peers }))));
  else
    for (const { name, story, peers } of experiments)
      console.log(`${name.padEnd(16)} ${peers} peers. ${story}`);
  return 0;
}

function chosen(name: string): readonly Experiment[] {
  if (name === 'all') return experiments;
  const found = experiments.find((experiment) => experiment.name === name);
  if (found !== undefined) return [found];
  const names = experiments.map((experiment) => experiment.name).join(', ');
  throw new UsageError(`there is no experiment "${name}"; there are: ${names}, and all`);
}

function wording({ name, story }: Experiment, outcome: Outcome): string[] {
  const { completed, fetchers, efficiency, boundSeconds, lastSeconds, meanSeconds, waste } = outcome;
  const { givenAtFirstCopy, givenBySeed, fairnessOfRates, fairnessOfGiving, events, traceHash } = outcome;
  const copies = (value: number | undefined) => (value === undefined ? 'never' : value.toFixed(2));
  return [
    `${name}: ${story}`,
    `  complete     ${completed} of ${fetchers}; the last after ${lastSeconds.toFixed(1)} s, on average ${meanSeconds.toFixed(1)} s`,
    `  efficiency   ${efficiency.toFixed(3)} (nobody could before ${boundSeconds.toFixed(1)} s)`,
    `  first seed   ${copies(givenAtFirstCopy)} copies until one was out, ${copies(givenBySeed)} in all`,
    `  fairness     ${fairnessOfRates.toFixed(3)} of rates, ${fairnessOfGiving.toFixed(3)} of giving`,
    `  waste        ${(100 * waste).toFixed(2)}%`,
    `  ${events} events, trace ${traceHash}`,
  ];
}

function reportExperiments(
  { name, peers, report }: ExperimentTask,
  seed: number,
  measured: Measured[],
): void {
  const size = peers === undefined ? '' : ` --peers ${peers}`;
  const command = `${simProgram} --experiment ${name}${size} --seed ${seed}`;
  writeReport(report!, reportPage(measured, command));
}
