/**
 * Prints seeds and the trace hashes of their runs, one per line: `node test/tools/trace-hashes.ts COUNT
 * [FIRST]`. Two commits that print the same behave the same, event by event. So a step that only makes things
 * faster is known to change nothing. The last lines are a hash over all seeds, and their processor time.
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
