/**
 * Seeds and the trace hashes of their runs, one a line: `node test/tools/trace-hashes.ts COUNT [FIRST]`. Two commits that
 * print the same do the same, event by event: so a step that is only to make things faster is known to change nothing.
 * The last lines name what the seeds cost and one hash over all of them.
 */
import process from 'node:process';
import { Trace } from '../sim/kernel/trace.ts';
import { drawPlan } from '../sim/plan/draw.ts';
import { runPlan } from '../sim/runner/run-plan.ts';

const [count = 100, first = 1] = process.argv.slice(2).map(Number);
const all = new Trace();
for (let seed = first; seed < first + count; seed++) {
  const { traceHash, failure } = runPlan(drawPlan(seed));
  const said = `${seed} ${traceHash}${failure === undefined ? '' : ` ${failure.checker}`}`;
  all.mixText(said);
  console.log(said);
}
const { userCPUTime, systemCPUTime } = process.resourceUsage();
console.log(`all ${all.hash}`);
console.error(`${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} s of processor`);
