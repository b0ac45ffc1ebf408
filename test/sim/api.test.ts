/** The public interface `cicada-swarm/sim`. */
import { describe, expect, it } from 'vitest';
import { drawPlan, PlanError, type SwarmPlan, shrinkPlan, simulate } from './api.ts';

const plan: SwarmPlan = {
  seed: 1,
  torrent: { pieces: 24, pieceBytes: 65_536 },
  trackers: [{ name: 'main' }],
  peers: [
    { name: 'seed', has: 'all' },
    { name: 'leech', count: 6, link: 'cable' },
  ],
};

describe('simulate', () => {
  it('a described swarm is run to its end', () => {
    const result = simulate(plan);
    expect(result).toMatchObject({ seed: 1, completed: 7, failed: 0, failure: undefined });
    expect(result.virtualSeconds).toBeGreaterThan(0);
  });

  it('a described swarm may have faults and hostile peers', () => {
    const troubled: SwarmPlan = {
      ...plan,
      peers: [...plan.peers, { name: 'foe', role: 'poisoner' }],
      faults: [
        { type: 'crash', peers: ['leech-0'], atMs: 500, forMs: 2_000, powerCut: true },
        { type: 'partition', from: ['seed'], to: ['leech'], atMs: 1_000, forMs: 3_000 },
        { type: 'tracker', tracker: 'main', atMs: 0, forMs: 5_000, kind: 'down' },
      ],
      healMs: 6_000,
    };
    expect(simulate(troubled)).toMatchObject({ completed: 7, failure: undefined });
  });

  it('a swarm without a source of every piece is not expected to complete', () => {
    const seedless = { ...plan, peers: [{ name: 'leech', count: 2 }] };
    expect(simulate(seedless)).toMatchObject({ completed: 0, failed: 0, failure: undefined });
  });

  it('a swarm in which no two peers can meet fails, and the message says what is missing', () => {
    const strangers: SwarmPlan = { seed: 1, torrent: plan.torrent, peers: plan.peers };
    expect(simulate(strangers)).toMatchObject({
      failed: 1,
      virtualSeconds: 0,
      failure: { checker: 'no-meeting', message: expect.stringMatching(/add "trackers"/) },
    });
    const unreachable: SwarmPlan = {
      ...plan,
      peers: plan.peers.map((peer) => ({ ...peer, reachability: 'silent' as const })),
    };
    expect(simulate(unreachable).failure).toMatchObject({ checker: 'no-meeting' });
  });

  it('a swarm without progress for `stuckMs` is stuck, and its failure holds the last events', () => {
    // The seed's link is too slow for a piece within `stuckMs`.
    const slow: SwarmPlan = {
      ...plan,
      stuckMs: 1_000,
      peers: [{ name: 'seed', has: 'all', link: { upBps: 1_000 } }, { name: 'leech' }],
    };
    const { failure, failed } = simulate(slow, { lastEvents: 5 });
    expect(failed).toBe(1);
    expect(failure).toMatchObject({
      checker: 'stuck',
      message: expect.stringMatching(/^leech has 0 of 24 pieces/),
    });
    expect(failure!.lastEvents).toHaveLength(5);
  });

  it('an invalid plan throws a PlanError', () => {
    expect(() => simulate({ ...plan, peers: [] })).toThrow(PlanError);
  });
});

describe('one seed', () => {
  it('a plan gives the same trace in a hundred runs', () => {
    const small: SwarmPlan = {
      ...plan,
      torrent: { pieces: 3, pieceBytes: 40_000 },
      streams: 'recut',
      peers: [
        { name: 'seed', has: 'all' },
        { name: 'leech', count: 2 },
      ],
    };
    const { traceHash } = simulate(small);
    for (let i = 0; i < 99; i++) expect(simulate(small).traceHash).toBe(traceHash);
  });

  it.each([3, 11, 17])('a drawn plan gives the same result in five runs (seed %i)', (seed) => {
    const first = simulate(drawPlan(seed));
    for (let i = 0; i < 4; i++) expect(simulate(drawPlan(seed))).toEqual(first);
  });

  it('another seed gives another run', () => {
    expect(simulate({ ...plan, seed: 2 }).traceHash).not.toBe(simulate(plan).traceHash);
  });
});

it('shrinkPlan makes a failing swarm smaller', () => {
  const isStuck = (smaller: SwarmPlan) => simulate({ ...smaller, stuckMs: 500 }).failure?.checker === 'stuck';
  const slow: SwarmPlan = {
    ...plan,
    peers: [
      { name: 'seed', has: 'all', link: { upBps: 1_000 } },
      { name: 'leech', count: 3 },
    ],
  };
  const smallest = shrinkPlan(slow, isStuck, { runsMax: 200 });
  expect(smallest.peers.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(2);
  expect(isStuck(smallest)).toBe(true);
});
