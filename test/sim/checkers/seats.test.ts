/** The checker of connection slots: what it must accept and what it must report. */
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

/** The checker's finding when the seed refuses a newcomer after this time. */
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
  it('seats-go-to-the-useful accepts a refused newcomer while all peers are new', () => {
    expect(refuse(5_000)).toBeUndefined();
  });

  it('seats-go-to-the-useful reports a newcomer that is refused while a useless peer stays', () => {
    expect(refuse(25_000)).toMatch(
      /^refuses 10\.9\.9\.9 and keeps 70\.16\.1\.1, which has been of no use for/,
    );
  });
});
