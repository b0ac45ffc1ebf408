/**
 * Experiments measure what they claim, and give the same numbers for the same seed. The results are in
 * docs/experiments.md.
 */
import { describe, expect, it } from 'vitest';
import { validatePlan } from '../plan/validate.ts';
import { axisTicks, linePlot } from '../report/line-plot.ts';
import { experiments } from './catalogue.ts';
import type { Experiment } from './experiment.ts';
import { reportPage } from './report-page.ts';
import { runExperiment } from './run-experiment.ts';

const mbps = 125_000;
const tiny: Experiment = {
  name: 'tiny <&>',
  story: 'Three fetch from one.',
  peers: 3,
  plan: ({ seed, peers }) => ({
    seed,
    torrent: { pieces: 20, pieceBytes: 65_536 },
    trackers: [{ name: 'tracker' }],
    peers: [
      { name: 'seed', has: 'all', link: { upBps: mbps, downBps: mbps } },
      { name: 'peer', count: peers, link: { upBps: mbps, downBps: 8 * mbps } },
    ],
  }),
};

describe('every experiment', () => {
  it('every experiment is a valid plan for any number of peers', () => {
    expect(experiments).toHaveLength(10);
    for (const experiment of experiments) {
      for (const peers of [4, experiment.peers, 500]) validatePlan(experiment.plan({ seed: 1, peers }));
    }
  });
});

describe('a measured run', () => {
  const { outcome, samples, fetchers } = runExperiment(tiny, { seed: 1, peers: 3 });

  it('a measured run never beats the bound', () => {
    expect(outcome.boundSeconds).toBeCloseTo((20 * 65_536) / mbps, 3);
    expect(outcome.lastSeconds).toBeGreaterThan(outcome.boundSeconds);
    expect(outcome.efficiency).toBeGreaterThan(0.5);
    expect(outcome.efficiency).toBeLessThan(1);
  });

  it('a measured run counts the bytes of every peer and samples the whole swarm', () => {
    expect(outcome).toMatchObject({ fetchers: 3, completed: 3 });
    expect(outcome.givenAtFirstCopy).toBeGreaterThanOrEqual(1);
    expect(outcome.givenAtFirstCopy).toBeLessThan(1.3);
    for (const { downloaded, wasted } of fetchers) expect(downloaded - wasted).toBe(20 * 65_536);
    const given = fetchers.reduce((sum, { uploaded }) => sum + uploaded, 0) / (20 * 65_536);
    const taken = fetchers.reduce((sum, { downloaded }) => sum + downloaded, 0) / (20 * 65_536);
    // Data that was on its way when the last peer completed counts as given only.
    expect(given + outcome.givenBySeed - taken).toBeGreaterThanOrEqual(0);
    expect(given + outcome.givenBySeed - taken).toBeLessThan(0.2);
    expect(samples.at(-1)).toMatchObject({ fetched: 1, complete: 1, rarest: 3, copies: 3 });
  });

  it('a measured run is deterministic, and other limits give another run', () => {
    expect(runExperiment(tiny, { seed: 1, peers: 3 }).outcome).toEqual(outcome);
    const other = runExperiment(tiny, { seed: 1, peers: 3 }, { uploadSlotsMin: 1 });
    expect(other.outcome.traceHash).not.toBe(outcome.traceHash);
  });

  it('the report page needs no other resource and escapes names', () => {
    const page = reportPage([{ outcome, samples, fetchers }], 'npm run sim -- "x"');
    expect(page).not.toMatch(/NaN|Infinity|undefined|<script|https?:|url\(/);
    expect(page.match(/<svg/g)).toHaveLength(6);
    expect(page).toContain('tiny &#60;&#38;&#62;');
  });
});

describe('a plot', () => {
  it('a plot has ticks at round numbers', () => {
    expect(axisTicks(100)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(axisTicks(1.3)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 1.2]);
    expect(axisTicks(0)).toEqual([0, 1]);
  });

  it('a plot of no data is empty', () => {
    expect(linePlot([{ name: 'none', xs: [], ys: [] }], { xUnit: 's' })).not.toMatch(/NaN|curve/);
  });
});
