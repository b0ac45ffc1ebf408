/** One checkout's answers to everything that is asked of it. */
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
  /** Emptied, and filled with what the programs leave. */
  readonly place: string;
  readonly seeds: number;
  /** Of part `state`: the checkout that opens what this one has written. */
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

/** The question of a part that ended before its last one. */
const unfinished = 'not finished';

/** One text a part that could not be asked to its end: what is alike then says nothing of the rest. */
export function unfinishedParts(answered: Answered): string[] {
  return Object.entries(answered).flatMap(([part, { [unfinished]: why }]) =>
    why === undefined ? [] : [`${part} was not finished: ${why}`],
  );
}

/** By part: what was asked, and the answer. */
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
    // What was answered until then is compared all the same.
    await parts[name]!(stage, recording).catch((error: Error) => {
      stage.answers[unfinished] = stage.names.ofText(String(error.message));
    });
    done[name] = stage.answers;
  }
  return done;
}

const run = promisify(execFile);

/** What drawn swarms do, event by event: the checkout tells it itself, since its simulator may lie elsewhere. */
async function recordTraces(stage: Stage, { checkout, seeds }: Recording): Promise<void> {
  const args = ['test/tools/trace-hashes.ts', String(seeds)];
  const { stdout } = await run(process.execPath, args, { cwd: checkout, maxBuffer: 64 * 1024 * 1024 });
  stage.note(`trace hashes of seeds 1 to ${seeds}`, stdout.trimEnd());
}

/** What the package exports: the sources behind each door of package.json, by the names in them. */
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
