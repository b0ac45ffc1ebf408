/**
 * `npm run sim -- --sessions N`: runs drawn sessions (test/sim/session) on all cores, up to the first that
 * breaks a rule.
 */
import { extname } from 'node:path';
import type { SimOptions } from './options.ts';
import { runSeeds } from './seed-pool.ts';
import { simProgram } from './sim-program.ts';

const worker = new URL(`./session-worker${extname(import.meta.url)}`, import.meta.url);

export async function runSessionRange(
  { from, count }: { readonly from: number; readonly count: number },
  { json, jobs }: SimOptions,
): Promise<number> {
  if (!json) console.log(`sessions ${from} to ${from + count - 1}, ${jobs} at a time`);
  const { passed, events, failure } = await runSeeds({ from, count, jobs, worker });
  const broken = failure?.kind === 'failed' ? failure.result.failure : undefined;
  if (json) {
    const told = failure && { seed: failure.seed, ...(broken ?? failure) };
    console.log(JSON.stringify({ seed: from, sessions: count, events, passed, failure: told }));
  } else {
    if (failure !== undefined) {
      for (const deed of broken?.lastEvents ?? []) console.log(`  ${deed}`);
      const what = failure.kind === 'failed' ? `${broken?.checker}: ${broken?.message}` : failure.reason;
      console.log(`FAILED: session ${failure.seed}: ${what}`);
      console.log(`  again: ${simProgram} --sessions 1 --from ${failure.seed}`);
    }
    console.log(`${passed} of ${count} sessions passed; ${events} events`);
  }
  return failure === undefined ? 0 : 1;
}
