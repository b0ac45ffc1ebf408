#!/usr/bin/env node
/**
 * `npm run sim`: swarms in virtual time. Prints the seed first, so that a run that is killed can be repeated,
 * and the result last. Exit code 0: all rules held; 1: a rule was broken; 28: invalid arguments or files.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { reportCoverage } from './cli/coverage-command.ts';
import { runExperiments } from './cli/experiment-command.ts';
import { readOptions, UsageError, usage } from './cli/options.ts';
import { runScenarioFile, runSeed } from './cli/plan-command.ts';
import { replayRecording } from './cli/replay-command.ts';
import { runSeedRange } from './cli/seeds-command.ts';
import { runSessionRange } from './cli/sessions-command.ts';

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), Date.now() % 0x1_0000_0000, availableParallelism());
  const { task } = options;
  switch (task.kind) {
    case 'help':
      console.log(usage);
      return 0;
    case 'seed':
      return runSeed(task.seed, options);
    case 'seeds':
      return runSeedRange(task, options);
    case 'sessions':
      return runSessionRange(task, options);
    case 'coverage':
      return reportCoverage(task, options);
    case 'scenario':
      return runScenarioFile(task.file, options);
    case 'replay':
      return replayRecording(task.file, options);
    case 'experiment':
      return runExperiments(task, options);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Error && 'code' in error)) throw error;
  console.error(`sim: ${error.message}`);
  if (error instanceof UsageError) console.error(`\n${usage}`);
  process.exitCode = 28;
}
