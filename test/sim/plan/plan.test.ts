import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { castOf } from './cast.ts';
import { drawPlan } from './draw.ts';
import { hasMeeting } from './meetings.ts';
import type { SwarmPlan } from './schema.ts';
import { shrinkPlan } from './shrink.ts';
import { smallerPlans } from './smaller.ts';
import { PlanError, validatePlan } from './validate.ts';

const smallPlan: SwarmPlan = {
  seed: 1,
  torrent: { pieces: 4, pieceBytes: 16_384 },
  trackers: [{ name: 'main' }],
  peers: [
    { name: 'seed', has: 'all' },
    { name: 'leech', count: 3 },
  ],
};

describe('validatePlan', () => {
  it('a valid plan is returned unchanged', () => {
    expect(validatePlan(smallPlan)).toBe(smallPlan);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['null in place of an object', null, '', /must be object/],
    ['a misspelt key', { ...smallPlan, sed: 1 }, '', /no "sed"/],
    ['a seed below zero', { ...smallPlan, seed: -1 }, 'seed', />= 0.*-1/],
    ['no peers', { ...smallPlan, peers: [] }, 'peers', /fewer than 1/],
    [
      'a fraction of a millisecond',
      withPeer({ link: { latencyMs: 1.5 } }),
      'peers[0].link.latencyMs',
      /integer.*1\.5/,
    ],
    ['an unknown line', withPeer({ link: 'tin-can' }), 'peers[0].link', /tin-can/],
    ['an unknown role', withPeer({ role: 'ghost' }), 'peers[0].role', /"ghost" is none of "honest"/],
    ['a name taken twice', { ...smallPlan, peers: [{ name: 'a' }, { name: 'a' }] }, 'peers[1].name', /taken/],
    [
      'a member of a group taken',
      { ...smallPlan, peers: [{ name: 'a', count: 2 }, { name: 'a-1' }] },
      'peers[1].name',
      /taken/,
    ],
    ['a piece out of range', withPeer({ has: [4] }), 'peers[0].has', /piece 4 of a torrent of 4/],
    ['a leave before the join', withPeer({ joinMs: 9, leaveMs: 9 }), 'peers[0].leaveMs', /not after/],
    ['an unknown fault', withFault({ type: 'flood' }), 'faults[0].type', /"flood" is none of "crash"/],
    [
      'an unknown content fault',
      withFault({ type: 'content', peers: ['seed'], atMs: 1, kind: 'burnt' }),
      'faults[0].kind',
      /"burnt" is none of "moved"/,
    ],
    [
      'a fault without an end',
      withFault({ type: 'crash', peers: ['seed'], atMs: 1 }),
      'faults[0]',
      /"forMs" is missing/,
    ],
    [
      'a fault of an unknown peer',
      withFault({ type: 'reset', peers: ['leech-3'], atMs: 1 }),
      'faults[0].peers',
      /no one is called "leech-3"/,
    ],
    [
      'a fault of an unknown tracker',
      withFault({ type: 'tracker-restart', tracker: 'seed', atMs: 1 }),
      'faults[0].tracker',
      /no one is called "seed"/,
    ],
    ['an unknown limit', { ...smallPlan, limits: { speed: 1 } }, 'limits', /no "speed"/],
    [
      'limits that contradict each other',
      { ...smallPlan, limits: { tickMs: 20_000 } },
      'limits',
      /longer than their grain/,
    ],
    [
      'too many peers in all',
      { ...smallPlan, peers: [{ name: 'a', count: 5_000 }, { name: 'b' }] },
      'peers',
      /5001/,
    ],
  ])('a plan is refused for %s', (_what, plan, path, problem) => {
    const error = failureOf(() => validatePlan(plan));
    expect(error).toBeInstanceOf(PlanError);
    expect(error).toMatchObject({ code: 'plan-invalid', path, message: expect.stringMatching(problem) });
  });
});

describe('the cast', () => {
  it('the cast splits groups and resolves names to single peers', () => {
    const cast = castOf({
      ...smallPlan,
      peers: [
        { name: 'seed', has: 'all', knows: ['leech'] },
        { name: 'leech', count: 2 },
      ],
    });
    expect(cast.map(({ name }) => name)).toEqual(['seed', 'leech-0', 'leech-1']);
    expect(cast[0]!.knows).toEqual(['leech-0', 'leech-1']);
    expect([cast[0]!.has(3), cast[1]!.has(3)]).toEqual([true, false]);
    expect(cast[1]!.trackers).toEqual(['main']);
  });

  it('the pieces of a peer do not depend on the other peers of a plan', () => {
    const half = { name: 'half', has: { perMille: 500 } };
    const pieces = (peers: SwarmPlan['peers']) => {
      const member = castOf({ ...smallPlan, torrent: { pieces: 64, pieceBytes: 1 }, peers }).find(
        ({ name }) => name === 'half',
      )!;
      return Array.from({ length: 64 }, (_, pieceIndex) => member.has(pieceIndex));
    };
    expect(pieces([half])).toEqual(pieces([{ name: 'other', has: { perMille: 500 } }, half]));
  });
});

describe('drawn plans', () => {
  it('drawn plans always let two peers meet', () => {
    // Each of these seeds once drew a swarm in which no two peers could meet.
    for (const seed of [53, 76, 91, 136, 195, 264]) expect(hasMeeting(castOf(drawPlan(seed)))).toBe(true);
  });

  it('drawn plans are valid, and the same for the same seed', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (seed) => {
        const plan = drawPlan(seed);
        expect(plan).toEqual(drawPlan(seed));
        expect(validatePlan(structuredClone(plan))).toEqual(plan);
        expect(castOf(plan).some(({ role }) => role === 'honest')).toBe(true);
      }),
    );
  });
});

describe('shrinking', () => {
  it('every smaller plan is valid and smaller', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (seed) => {
        const plan = drawPlan(seed);
        for (const smaller of smallerPlans(plan)) {
          expect(() => validatePlan(smaller)).not.toThrow();
          expect(JSON.stringify(smaller)).not.toBe(JSON.stringify(plan));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('shrinking keeps what the failure needs and nothing else', () => {
    const failing = Array.from({ length: 200 }, (_, seed) => drawPlan(seed)).find(crashesALeech)!;
    const shrunk = shrinkPlan(failing, crashesALeech, { runsMax: 10_000 });
    expect(shrunk.peers).toHaveLength(1);
    expect(shrunk.faults).toEqual([{ type: 'crash', peers: [shrunk.peers[0]!.name], atMs: 0, forMs: 1 }]);
    expect(shrunk).toMatchObject({ trackers: [], limits: {}, torrent: { pieces: 1, pieceBytes: 1 } });
  });

  it('shrinking stops when its runs are used up', () => {
    let runs = 0;
    shrinkPlan(drawPlan(3), () => ++runs > 0, { runsMax: 7 });
    expect(runs).toBe(7);
  });
});

function crashesALeech({ faults = [] }: SwarmPlan): boolean {
  return faults.some(
    (fault) => fault.type === 'crash' && fault.peers.some((name) => name.startsWith('leech')),
  );
}

function withPeer(peer: object): object {
  return { ...smallPlan, peers: [{ name: 'seed', ...peer }] };
}

function withFault(fault: object): object {
  return { ...smallPlan, faults: [fault] };
}

function failureOf(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
