/**
 * Every story in this folder: a swarm as a file, most of them once a failure that the simulator found. All must end well.
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

describe('a story ends well', () => {
  it.each(stories)('$plan.story', ({ file, plan }) => {
    expect(`${plan.name}.json`).toBe(file);
    const { failure, completed } = runPlan(plan);
    expect(failure).toBeUndefined();
    expect(completed).toBeGreaterThan(0);
  });
});
