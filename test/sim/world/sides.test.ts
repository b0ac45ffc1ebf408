/** One client with several torrents: what they share, and what separates them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Inspector } from '../checkers/inspector.ts';
import type { SimPeer } from './peer.ts';
import type { SimTorrent } from './torrent.ts';
import { World } from './world.ts';

const KiB = 1024;
const minuteMs = 60_000;
const all = () => true;
const none = () => false;

let world: World;
let other: SimTorrent;
let seed: SimPeer;
let leech: SimPeer;
let inspector: Inspector;

beforeEach(() => {
  world = new World({ seed: 11, totalBytes: 300 * KiB, pieceLength: 32 * KiB });
  other = world.addTorrent({ totalBytes: 200_000, pieceLength: 20_000 });
  inspector = new Inspector(world);
  // Each peer is a seed in one torrent and a leecher in the other.
  seed = world.join({ has: 'all', sides: [{ torrent: other, has: none }] });
  leech = world.join({ sides: [{ torrent: other, has: all }] });
});

const isOver = () => leech.isComplete && seed.sides[0]!.isComplete;

describe('a client with two torrents', () => {
  it('a client downloads one torrent from the peer to which it uploads another', () => {
    expect(world.runUntil(isOver, minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(seed.sides[0]!.platter.isAllRight).toBe(true);
    inspector.end();
  });

  it('a client drops all connections of a stopped torrent and continues the other', () => {
    const [side] = seed.sides as [SimPeer['sides'][0]];
    world.runUntil(() => side.id !== undefined && seed.engine.status(side.id)!.haveCount > 3, minuteMs);
    const { id } = side;
    seed.want(side, false);
    world.runFor(2_000);
    expect(seed.engine.status(id!)).toBeUndefined();
    for (const [connection, { gone }] of seed.engine.usage.sessions)
      if (!gone) expect(seed.engine.torrentOf(connection)).toBe(1);
    expect(world.runUntil(() => leech.isComplete, minuteMs)).toBe(true);
    inspector.end();
  });

  it('a client resumes a torrent that is added again, also after a crash', () => {
    const [side] = seed.sides as [SimPeer['sides'][0]];
    world.runUntil(() => side.id !== undefined && seed.engine.status(side.id)!.haveCount > 3, minuteMs);
    seed.want(side, false);
    seed.want(side, true);
    expect(seed.engine.status(side.id!)!.haveCount).toBeGreaterThan(3);
    seed.crash({ power: true });
    seed.restart();
    expect(world.runUntil(isOver, 5 * minuteMs)).toBe(true);
    inspector.end();
  });

  it('a client counts the connections of all torrents against one limit', () => {
    const crowd = Array.from({ length: 6 }, () => world.join({ sides: [{ torrent: other, has: none }] }));
    const few = world.join({
      limits: { connectionsMax: 3, connectionsPerTorrentMax: 2 },
      sides: [{ torrent: other, has: none }],
    });
    expect(world.runUntil(() => few.isComplete && few.sides[0]!.isComplete, 5 * minuteMs)).toBe(true);
    expect(crowd.length).toBe(6);
    inspector.end();
  });
});
