/**
 * Every scenario file in this folder describes one swarm. Most of them were once a failure that the simulator
 * found. All must pass.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readPlan } from '../cli/plan-file.ts';
import { runPlan } from '../runner/run-plan.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const stories = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, plan: readPlan(`${folder}${file}`) }));

describe('scenarios', () => {
  it.each(stories)('$plan.story', ({ file, plan }) => {
    expect(`${plan.name}.json`).toBe(file);
    const { failure, completed } = runPlan(plan);
    expect(failure).toBeUndefined();
    expect(completed).toBeGreaterThan(0);
  });
});
