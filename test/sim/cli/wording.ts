/**
 * Results as lines for people. Every failure comes with what is needed to repeat it: seed, commit and one
 * command.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import type { RunResult } from '../runner/result.ts';
import { simProgram } from './sim-program.ts';

/** How to repeat a run. */
export interface Origin {
  /** A seed or a file. */
  readonly what: string;
  readonly command: string;
}

export const seedOrigin = (seed: number): Origin => ({
  what: `seed ${seed}`,
  command: `${simProgram} --seed ${seed}`,
});

export const fileOrigin = (file: string): Origin => ({
  what: file,
  command: `${simProgram} --scenario ${file}`,
});

/** A summary in one line. */
export function summary(result: RunResult): string {
  const { traceHash, virtualSeconds, events, completed, failed, seed } = result;
  const verdict = result.failure === undefined ? 'passed' : 'FAILED';
  return `seed ${seed} ${verdict}: ${completed} completed, ${failed} failed, ${virtualSeconds} s of virtual time, ${events} events, trace ${traceHash}`;
}

export function failureLines({ failure, traceHash }: RunResult, { what, command }: Origin): string[] {
  if (failure === undefined) return [];
  const { checker, message, atMs, peer, lastEvents } = failure;
  return [
    `FAILED: ${what}, checker "${checker}"`,
    `  ${message}`,
    `  at ${(atMs / 1000).toFixed(3)} s${peer === undefined ? '' : `, ${peer}`}; trace ${traceHash}`,
    `  commit ${commit()}, Node ${process.versions.node}`,
    `  again: ${command}`,
    ...(lastEvents.length === 0 ? [] : ['  the last events:', ...lastEvents.map((line) => `    ${line}`)]),
  ];
}

/** The commit of this checkout, and whether the working tree has changed since. */
export function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return (
      git('rev-parse', '--short=12', 'HEAD').trim() +
      (git('status', '--porcelain').trim() === '' ? '' : ' with changes')
    );
  } catch {
    return 'unknown';
  }
}
