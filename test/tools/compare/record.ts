/** Records the answers of one checkout to all questions. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { recordCommunity } from './community-runs.ts';
import { recordHashes, recordMaking } from './making-runs.ts';
import { type Answers, Stage } from './stage.ts';
import { recordState } from './state-runs.ts';
import { recordSwarm } from './swarm-runs.ts';
import { recordRefusals, recordWords } from './word-runs.ts';

export interface Recording {
  readonly checkout: string;
  /** Emptied first, then filled by the programs. */
  readonly place: string;
  readonly seeds: number;
  /** For the part `state`: the checkout that opens what this one has written. */
  readonly opener?: string;
}

type Part = (stage: Stage, recording: Recording) => Promise<void>;

const parts: Readonly<Record<string, Part>> = {
  doors: recordDoors,
  traces: recordTraces,
  hashes: recordHashes,
  making: recordMaking,
  words: recordWords,
  refusals: recordRefusals,
  swarm: recordSwarm,
  community: recordCommunity,
  state: (stage, { opener }) => recordState(stage, opener),
};

export const partNames = Object.keys(parts);

/** Recorded as a question of a part that failed before its end. */
const unfinished = 'not finished';

/** One text per unfinished part: equal answers say nothing about the missing ones. */
export function unfinishedParts(answered: Answered): string[] {
  return Object.entries(answered).flatMap(([part, { [unfinished]: why }]) =>
    why === undefined ? [] : [`${part} was not finished: ${why}`],
  );
}

/** By part: the questions and their answers. */
export type Answered = Record<string, Answers>;

export async function record(
  recording: Recording,
  names: readonly string[],
  tell: (part: string) => void,
): Promise<Answered> {
  const done: Answered = {};
  for (const name of names) {
    tell(name);
    await using stage = new Stage(recording.checkout, recording.place);
    // The answers until the failure are compared.
    await parts[name]!(stage, recording).catch((error: Error) => {
      stage.answers[unfinished] = stage.names.ofText(String(error.message));
    });
    done[name] = stage.answers;
  }
  return done;
}

const run = promisify(execFile);

/**
 * Records the event-by-event behaviour of generated swarms. The checkout runs its own script, because its
 * simulator may lie in another place.
 */
async function recordTraces(stage: Stage, { checkout, seeds }: Recording): Promise<void> {
  const args = ['test/tools/trace-hashes.ts', String(seeds)];
  const { stdout } = await run(process.execPath, args, { cwd: checkout, maxBuffer: 64 * 1024 * 1024 });
  stage.note(`trace hashes of seeds 1 to ${seeds}`, stdout.trimEnd());
}

/**
 * Records the exports of the package: the exported names of the source behind each entry point in
 * package.json.
 */
async function recordDoors(stage: Stage, { checkout }: Recording): Promise<void> {
  const { exports } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  for (const [door, target] of Object.entries<string | { default: string }>(exports)) {
    if (typeof target === 'string') continue;
    const source = join(checkout, target.default.replace('./dist/', '').replace(/\.js$/, '.ts'));
    const script = `console.log(Object.keys(await import('${pathToFileURL(source)}')).sort().join('\\n'))`;
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await run(process.execPath, args, { cwd: checkout });
    stage.note(`exports of ${door}`, stdout.trimEnd());
  }
}
