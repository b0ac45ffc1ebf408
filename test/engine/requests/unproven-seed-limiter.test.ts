/** Unproven seeds are tried at once in a healthy swarm, and ever more slowly in a poisoned one. */
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../client/engine/context.ts';
import { defaultLimits as limits } from '../../../client/engine/limits.ts';
import type { BlockSource } from '../../../client/engine/requests/block-source.ts';
import { UnprovenSeedLimiter } from '../../../client/engine/requests/unproven-seed-limiter.ts';

/** The fields of a session that a trial reads. */
function peer(of: { isSeed?: boolean; goodPieces?: number; asked?: number; stalled?: boolean }): BlockSource {
  const { isSeed = true, goodPieces = 0, asked = 0, stalled = false } = of;
  const pipeline = { asked: Array.from({ length: asked }), stalled };
  return { record: { isSeed, goodPieces }, kept: { trial: undefined }, pipeline } as unknown as BlockSource;
}

function poisoned(liars: number, sessions: readonly BlockSource[] = [peer({ goodPieces: 1, asked: 4 })]) {
  const trials = new UnprovenSeedLimiter(new Map(sessions.entries()), { limits } as Context);
  for (let i = 0; i < liars; i++) trials.onLiar(1_000);
  trials.tick();
  return trials;
}

describe('an unproven seed', () => {
  const stranger = peer({});

  it('an unproven seed is tried at once while only a few have lied', () => {
    expect(poisoned(limits.trialLiarsFree).mayAsk(stranger, 1_000)).toBe(true);
  });

  it('an unproven seed waits longer with every further liar, up to the maximum', () => {
    const waitMs = (liars: number): number => {
      const trials = poisoned(liars);
      let ms = 0;
      while (!trials.mayAsk(stranger, 1_000 + ms)) ms += 1_000;
      return ms;
    };
    expect(waitMs(limits.trialLiarsFree + 1)).toBe(limits.trialGapMs);
    expect(waitMs(limits.trialLiarsFree + 4)).toBe(4 * limits.trialGapMs);
    expect(waitMs(1_000)).toBe(limits.trialGapMsMax);
  });

  it('an unproven seed is tried at once while no proven peer delivers', () => {
    for (const others of [
      [],
      [peer({ goodPieces: 9 })],
      [peer({ goodPieces: 9, asked: 4, stalled: true })],
    ]) {
      expect(poisoned(9, others).mayAsk(stranger, 1_000)).toBe(true);
    }
  });

  it('an unproven seed waits until the one before it is judged', () => {
    const trials = poisoned(limits.trialLiarsFree + 1);
    const laterMs = 1_000 + limits.trialGapMs;
    expect(trials.mayAsk(stranger, laterMs)).toBe(true);
    trials.onBegun(stranger, laterMs);
    expect(trials.mayAsk(peer({}), laterMs)).toBe(false);
  });

  it('lies of an hour ago are forgotten', () => {
    const trials = poisoned(50);
    trials.onLiar(1_000 + limits.banMs + 1);
    expect(trials.mayAsk(stranger, 1_000 + limits.banMs + 1)).toBe(true);
  });
});

it('a peer that is proven, on trial, or not a seed is never delayed', () => {
  const trials = poisoned(50);
  const onTrial = Object.assign(peer({}), { kept: { trial: 3 } });
  for (const session of [peer({ goodPieces: 1 }), onTrial, peer({ isSeed: false })]) {
    expect(trials.mayAsk(session, 1_000)).toBe(true);
  }
});
