/**
 * Two interested peers of a leecher whose slots the test gives and takes by hand: unfair choking is reported.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Checker, Disbelief } from './checker.ts';
import { slotsTurnOver } from './choking.ts';
import { type Midway, midway, minuteMs, parts, woke } from './midway.ts';

let between: Midway;
let checker: Checker;
let fast: PeerSession;
let slow: PeerSession;

beforeEach(() => {
  between = midway();
  const { world, leech } = between;
  world.join();
  world.join();
  const sessions = () => [...parts(leech).sessions.values()].filter(({ isOpen }) => isOpen);
  world.runUntil(() => sessions().filter((session) => session.peerInterested).length >= 2, minuteMs);
  [fast, slow] = sessions().filter((session) => session.peerInterested) as [PeerSession, PeerSession];
  checker = slotsTurnOver();
  for (const session of sessions()) session.optimistic = false;
  fast.down.rate = 2_000;
  slow.down.rate = 1_000;
  fast.hasAsked = true;
  slow.hasAsked = true;
  give(fast);
});

function give(slot: PeerSession): void {
  fast.amChoking = fast !== slot;
  slow.amChoking = slow !== slot;
}
const tick = (): Disbelief => between.turn(checker, between.leech, woke);
const received = ({ connection }: PeerSession) =>
  between.turn(checker, between.leech, {
    type: 'received',
    connection,
    bytes: new Uint8Array(5),
    count: 5,
  });

describe('slots-turn-over', () => {
  it('slots-turn-over reports a round that chokes the faster of two uploading peers', () => {
    expect(tick()).toBeUndefined();
    give(slow);
    expect(tick()).toMatch(/gives 2000 bytes a second, and serves \d+, which gives 1000/);
  });

  it('slots-turn-over accepts a round that chokes the slower peer, and one that grants the optimistic slot', () => {
    give(slow);
    expect(tick()).toBeUndefined();
    give(fast);
    expect(tick()).toBeUndefined();
    slow.optimistic = true;
    give(slow);
    expect(tick()).toBeUndefined();
  });

  it('slots-turn-over accepts that a peer loses its slot when it is not interested for a moment', () => {
    tick();
    give(slow);
    received(fast);
    expect(tick()).toBeUndefined();
  });

  it('slots-turn-over accepts that the slot of a closed connection goes to the peer that waits longest', () => {
    tick();
    give(slow);
    const close = { type: 'close', connection: 901, reason: 'both-complete' } as const;
    expect(between.turn(checker, between.leech, woke, close)).toBeUndefined();
  });

  it('slots-turn-over reports a peer that waits for an hour although slots are drawn at random', () => {
    const heard: Disbelief[] = [];
    const { world, leech } = between;
    for (let round = 0; round < 360; round++) {
      const nowMs = world.nowMs + round * 11_000;
      heard.push(checker.onTurn!({ world, peer: leech, fact: woke, actions: [], nowMs }));
    }
    expect(heard.find((disbelief) => disbelief !== undefined)).toMatch(
      /has served no other peer for \d+ rounds/,
    );
  });
});
