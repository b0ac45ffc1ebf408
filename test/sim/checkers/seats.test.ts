/** The checker of seats, before facts that it must see through. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../../client/engine/contract.ts';
import { enter } from '../actors/enter.ts';
import { silent } from '../actors/silent.ts';
import type { SimPeer } from '../world/peer.ts';
import { World } from '../world/world.ts';
import type { Disbelief } from './checker.ts';
import { seatsGoToTheUseful } from './seats.ts';

const limits = { connectionsMax: 1, connectionsPerTorrentMax: 1 };
let world: World;
let seed: SimPeer;

beforeEach(() => {
  world = new World({ seed: 7, totalBytes: 1_000_000, pieceLength: 65_536, limits });
  seed = world.join({ has: 'all' });
  enter(world, silent({ silence: 'keep-alives', linesMax: 1 }), { name: 'actor' });
  expect(world.runUntil(() => seed.status.peers.length === 1, 60_000)).toBe(true);
});

/** What the checker says when the seed turns a newcomer away after so long. */
function refuse(afterMs: number, host = '10.9.9.9'): Disbelief {
  world.runFor(afterMs);
  const checker = seatsGoToTheUseful();
  const nowMs = world.nowMs;
  const fact = { type: 'connected', connection: 99, address: { host, port: 1 }, incoming: true } as const;
  checker.onTurn!({ world, peer: seed, fact, actions: [], nowMs });
  const close: Action = { type: 'close', connection: 99, reason: 'too-many-connections' };
  return checker.onTurn!({ world, peer: seed, fact: { type: 'woke' }, actions: [close], nowMs });
}

describe('seats-go-to-the-useful', () => {
  it('believes that a newcomer is refused while everybody is new', () => {
    expect(refuse(5_000)).toBeUndefined();
  });

  it('finds a newcomer that is refused for the sake of a silent peer', () => {
    expect(refuse(25_000)).toMatch(
      /^refuses 10\.9\.9\.9 and keeps 70\.16\.1\.1, which has been of no use for/,
    );
  });
});
