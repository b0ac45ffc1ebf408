/** All checkers together: silence while every rule holds, and the end of the run at a violation. */
import { describe, expect, it } from 'vitest';
import { homeLink } from '../world/link.ts';
import { World } from '../world/world.ts';
import type { Checker } from './checker.ts';
import { allCheckers, BrokenRule, Inspector } from './inspector.ts';
import { midway, minuteMs, pieceLength } from './midway.ts';
import { nothingIsLeft } from './nothing-left.ts';

describe('an inspector', () => {
  it('an inspector finds nothing wrong in a correct swarm', () => {
    const other = new World({ seed: 6, totalBytes: 20 * pieceLength, pieceLength });
    const inspector = new Inspector(other);
    other.join({ has: 'all' });
    const leeches = [other.join(), other.join()];
    expect(other.runUntilComplete(leeches, minuteMs)).toBe(true);
    leeches[0]!.crash({ power: true });
    leeches[0]!.restart();
    other.runFor(minuteMs);
    inspector.end();
  });

  it('an inspector waits for the handshake of a connection that arrives at the end of the run', () => {
    const { world, seed } = midway();
    const inspector = new Inspector(world, { checkers: [nothingIsLeft()] });
    const late = world.addVisitor({ name: 'late', link: homeLink, sink: () => undefined });
    // A moment before the end is judged.
    world.scheduler.after(9_900, () => late.host.dial(2, seed.address));
    inspector.end();
    expect(seed.engine.usage.sessions.size).toBe(0);
  });

  it('an inspector ends the run at the first broken rule and names its checker', () => {
    const disbeliever: Checker = { name: 'disbeliever', inspect: () => 'nothing is true' };
    const { world } = midway();
    new Inspector(world, { checkers: [disbeliever], everyMs: 100 });
    let failure: unknown;
    try {
      world.runFor(minuteMs);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(BrokenRule);
    expect(failure).toMatchObject({ checker: 'disbeliever', peer: 1, atMs: world.nowMs });
  });

  it('every checker has a name of its own', () => {
    const names = allCheckers.map((make) => make().name);
    expect(new Set(names).size).toBe(names.length);
  });
});
