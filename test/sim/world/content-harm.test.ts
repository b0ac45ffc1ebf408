/**
 * Files that other programs move, delete and change: what the simulated disk finds, when, and what the next
 * start believes.
 */
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { Inspector } from '../checkers/inspector.ts';
import { lookEveryMs } from './content-watch.ts';
import { type SimPeer, torrent } from './peer.ts';
import { World } from './world.ts';

const KiB = 1024;
const minuteMs = 60_000;

function newWorld(seed: number): World {
  const world = new World({ seed, totalBytes: 1024 * KiB - 777, pieceLength: 32 * KiB });
  new Inspector(world, { everyMs: 50 });
  return world;
}

/** A complete seed and a leecher that has completed. */
function twoSeeds(seed: number, mends = true): { world: World; source: SimPeer; leech: SimPeer } {
  const world = newWorld(seed);
  const source = world.join({ has: 'all', mends: true });
  const leech = world.join({ mends });
  expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
  world.runFor(5_000);
  return { world, source, leech };
}

/** A seed and a leecher halfway. */
function halfWay(seed: number): { world: World; leech: SimPeer } {
  const world = newWorld(seed);
  world.join({ has: 'all', uploadBpsMax: 200_000 });
  const leech = world.join();
  expect(world.runUntil(() => leech.status.haveCount > 12, minuteMs)).toBe(true);
  return { world, leech };
}

const lostCount = (peer: SimPeer) =>
  peer.reportsOf('pieces-lost').reduce((sum, { pieceCount }) => sum + pieceCount, 0);

/** The user stops the program, its files are changed, and the user starts it again. */
function restart(world: World, peer: SimPeer, harm: () => void): void {
  peer.quit();
  world.runFor(2_000);
  expect(peer.isAlive).toBe(false);
  harm();
  peer.restart();
  expect(world.runUntil(() => peer.isAlive, minuteMs)).toBe(true);
}

describe('a deleted file', () => {
  it('a deleted file is found within 3 s, and its pieces are downloaded again', () => {
    const { world, leech } = twoSeeds(1);
    leech.platter.deleteFile(2, world.nowMs);
    expect(world.runUntil(() => lostCount(leech) > 0, lookEveryMs)).toBe(true);
    expect(lostCount(leech)).toBe(8);
    expect(leech.status).toMatchObject({ complete: false, haveCount: 24, offline: false });
    expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(leech.status.trouble).toBeUndefined();
  });

  it('a deleted file is found at once when it is read', () => {
    const { world, source, leech } = twoSeeds(2);
    const newcomer = world.join();
    world.runUntil(() => newcomer.status.haveCount > 0, minuteMs);
    for (let file = 0; file < 4; file++) source.platter.deleteFile(file, world.nowMs);
    world.runFor(300);
    expect(lostCount(source)).toBeGreaterThan(0);
    expect(world.runUntilComplete([source, newcomer, leech], 10 * minuteMs)).toBe(true);
    expect([source, newcomer, leech].every(({ isIdentical }) => isIdentical)).toBe(true);
  });

  it('a file deleted during a download is downloaded again before the download is complete', () => {
    const { world, leech } = halfWay(3);
    leech.platter.deleteFile(0, world.nowMs);
    expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(lostCount(leech)).toBeGreaterThan(0);
  });
});

describe('a moved folder', () => {
  it('a moved folder takes a seed offline at the tracker, and the seed is online again when the folder is back', () => {
    const { world, leech } = twoSeeds(4);
    expect(world.tracker.counts.seeds).toBe(2);
    leech.platter.moveAway(world.nowMs, false);
    world.runFor(lookEveryMs + 1_000);
    expect(leech.status).toMatchObject({ offline: true, complete: true, peers: [] });
    expect(world.tracker.counts.seeds).toBe(1);
    leech.platter.comeBack();
    world.runFor(lookEveryMs + 20_000);
    expect(leech.status).toMatchObject({ offline: false, complete: true });
    expect(world.tracker.counts.seeds).toBe(2);
    expect(lostCount(leech)).toBe(0);
  });

  it('a download whose folder is moved starts again in a new folder', () => {
    const { world, leech } = halfWay(5);
    leech.platter.moveAway(world.nowMs, false);
    expect(world.runUntilComplete([leech], 10 * minuteMs)).toBe(true);
    leech.platter.comeBack();
    expect(leech.isIdentical).toBe(true);
    expect(leech.reportsOf('content-offline')).toHaveLength(0);
  });

  it('a folder that comes back with a changed file loses only the changed piece', () => {
    const { world, leech } = twoSeeds(6);
    leech.platter.change(3, world.nowMs, true);
    leech.platter.moveAway(world.nowMs, false);
    world.runFor(10_000);
    expect(leech.status.offline).toBe(true);
    leech.platter.comeBack();
    world.runFor(lookEveryMs);
    expect(leech.status.offline).toBe(false);
    expect(lostCount(leech)).toBe(1);
    expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(true);
  });
});

describe('a complete torrent of a peer that does not mend', () => {
  it.each<[string, (peer: SimPeer, nowMs: number) => void]>([
    ['a file is deleted', ({ platter }, nowMs) => platter.deleteFile(1, nowMs)],
    ['a block is changed', ({ platter }, nowMs) => platter.change(40, nowMs, true)],
  ])('a complete torrent is offline when %s, and downloads nothing until the next start', (_what, harm) => {
    const { world, leech } = twoSeeds(14, false);
    harm(leech, world.nowMs);
    expect(leech.isOfflineForGood).toBe(true);
    world.runFor(minuteMs);
    expect(leech.status).toMatchObject({ offline: true, complete: true });
    expect(lostCount(leech)).toBe(0);
    restart(world, leech, () => {});
    expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });
});

describe('a changed block', () => {
  it('a changed block with a new stamp is found by the next inspection', () => {
    const { world, leech } = twoSeeds(7);
    leech.platter.change(5, world.nowMs, true);
    world.runFor(lookEveryMs);
    expect(lostCount(leech)).toBe(1);
    expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });

  it('a changed block with an unchanged stamp is not found by inspections', () => {
    const { world, leech } = twoSeeds(8);
    leech.platter.change(5, world.nowMs, false);
    world.runFor(10 * lookEveryMs);
    expect(lostCount(leech)).toBe(0);
  });
});

describe('the next start', () => {
  it('the next start believes files with the recorded stamps', () => {
    const { world, leech } = twoSeeds(9);
    restart(world, leech, () => {});
    expect(leech.status.complete).toBe(true);
    const { pieceCount } = world.geometry;
    expect(leech.reportsOf('piece-stored')).toHaveLength(pieceCount);
  });

  it.each<[string, (peer: SimPeer, nowMs: number) => void, number]>([
    ['a file that was deleted', ({ platter }, nowMs) => platter.deleteFile(1, nowMs), 24],
    ['a block that was changed', ({ platter }, nowMs) => platter.change(40, nowMs, true), 31],
    ['a folder that was moved', ({ platter }, nowMs) => platter.moveAway(nowMs, true), 0],
  ])('the next start does not believe %s', (_what, harm, haveCount) => {
    const { world, leech } = twoSeeds(10);
    restart(world, leech, () => harm(leech, world.nowMs));
    expect(leech.status.haveCount).toBe(haveCount);
    expect(world.runUntilComplete([leech], 10 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });

  it('the next start finds a change from right before the stop, which no inspection has seen', () => {
    const { world, leech } = twoSeeds(11);
    leech.platter.change(40, world.nowMs, true);
    restart(world, leech, () => {});
    expect(leech.status.haveCount).toBe(31);
  });

  it('the next start finds silent corruption when the file is hashed for another reason', () => {
    const { world, leech } = twoSeeds(12);
    restart(world, leech, () => {
      // Both lie in the first file.
      leech.platter.change(0, world.nowMs, false);
      leech.platter.change(3, world.nowMs, true);
    });
    expect(leech.status.haveCount).toBe(30);
  });
});

it('a list of lost pieces that names pieces still missing or being stored does no harm', () => {
  const { world, leech } = halfWay(13);
  const pieces = [...world.geometry.pieces()];
  // All pieces, halfway: pieces that are being downloaded or stored are not disturbed.
  leech.platter.deleteFile(0, world.nowMs);
  leech.tell({
    type: 'pieces-lost',
    torrent,
    pieces: pieces as PieceIndex[],
    trouble: { code: 'x', message: 'x' },
  });
  expect(leech.status.haveCount).toBe(0);
});
