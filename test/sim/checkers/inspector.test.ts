/** All checkers together: silence while all is well, and the end of the run when it is not. */
import { describe, expect, it } from 'vitest';
import { homeLink } from '../world/link.ts';
import { World } from '../world/world.ts';
import type { Checker } from './checker.ts';
import { allCheckers, BrokenRule, Inspector } from './inspector.ts';
import { midway, minuteMs, pieceLength } from './midway.ts';
import { nothingIsLeft } from './nothing-left.ts';

describe('an inspector', () => {
  it('has nothing to say about a swarm in which all is well', () => {
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

  it('waits for the handshake of a connection that comes when all is over', () => {
    const { world, seed } = midway();
    const inspector = new Inspector(world, { checkers: [nothingIsLeft()] });
    const late = world.addVisitor({ name: 'late', link: homeLink, sink: () => undefined });
    // A moment before the end is judged.
    world.scheduler.after(9_900, () => late.host.dial(2, seed.address));
    inspector.end();
    expect(seed.engine.usage.sessions.size).toBe(0);
  });

  it('ends the run at the first belief that does not hold, and names it', () => {
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

  it('calls every checker by a name of its own', () => {
    const names = allCheckers.map((make) => make().name);
    expect(new Set(names).size).toBe(names.length);
  });
});
