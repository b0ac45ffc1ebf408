/** Checkers for files that other programs move, delete or change: every violation staged here is reported. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { lookEveryMs } from '../world/content-watch.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import type { World } from '../world/world.ts';
import { type Midway, midway, parts, sessionIn, woke } from './midway.ts';
import { nobodyIsMisled } from './misled.ts';
import { offlineIsSilent } from './offline.ts';
import { haveIsOnDisk, recordedIsDurable } from './pieces.ts';

const trouble = { code: 'content-away', message: 'gone' };
const offline: Fact = { type: 'content-offline', torrent, trouble };
const online: Fact = { type: 'content-online', torrent };
const lost = (...pieces: number[]): Fact => ({
  type: 'pieces-lost',
  torrent,
  pieces: pieces as PieceIndex[],
  trouble,
});
const completed: Action = { type: 'report', report: { type: 'completed', torrent } };

let world: World;
let seed: SimPeer;
let leech: SimPeer;
let turn: Midway['turn'];

beforeEach(() => {
  ({ world, seed, leech, turn } = midway());
});

describe('have-is-on-disk', () => {
  it('have-is-on-disk grants the disk check its interval, and no longer', () => {
    const checker = haveIsOnDisk();
    world.runFor(2 * lookEveryMs);
    seed.platter.deleteFile(0, world.nowMs);
    expect(checker.inspect!(seed)).toBeUndefined();
    // Changed longer ago than the interval, and still not noticed.
    seed.platter.harms.set(0 as PieceIndex, { atMs: world.nowMs - lookEveryMs - 1, isVisible: true });
    expect(checker.inspect!(seed)).toBe('has piece 0, and the disk holds something else');
  });

  it('have-is-on-disk reports at once a file that was deleted before the start', () => {
    seed.platter.deleteFile(0, world.nowMs);
    seed.lookedMs = world.nowMs;
    expect(haveIsOnDisk().inspect!(seed)).toMatch(/^has piece 0,/);
  });

  it('have-is-on-disk reports an engine that still has a piece named as lost', () => {
    seed.platter.deleteFile(0, world.nowMs);
    expect(turn(haveIsOnDisk(), seed, lost(3))).toBe('has piece 3, and the disk holds something else');
  });

  it('have-is-on-disk reports `completed` with a piece missing on disk', () => {
    expect(turn(haveIsOnDisk(), seed, woke, completed)).toBeUndefined();
    seed.platter.deleteFile(1, world.nowMs);
    expect(turn(haveIsOnDisk(), seed, woke, completed)).toMatch(/^has piece \d+, and/);
  });

  it('have-is-on-disk reports `completed` while the folder is moved away', () => {
    seed.platter.moveAway(world.nowMs, false);
    expect(turn(haveIsOnDisk(), seed, woke, completed)).toBe('has piece 0, and the files are somewhere else');
  });

  it('the checkers of disk content ignore changes that leave size, mtime and inode as they were', () => {
    seed.platter.change(0, world.nowMs, false);
    expect(haveIsOnDisk().inspect!(seed)).toBeUndefined();
    expect(recordedIsDurable().onCrash!(seed)).toBeUndefined();
  });
});

describe('offline-is-silent', () => {
  it('offline-is-silent reports an engine that goes on after `content-offline`', () => {
    expect(turn(offlineIsSilent(), seed, offline)).toBe('its files are gone, and it goes on');
  });

  it('offline-is-silent reports peers, dials, blocks and announces of an offline torrent, until it is back online', () => {
    const checker = offlineIsSilent();
    seed.tell(offline);
    expect(turn(checker, seed, offline)).toBeUndefined();
    const dial: Action = { type: 'dial', connection: 2, address: leech.address };
    expect(turn(checker, seed, woke, dial)).toMatch(/dials/);
    const bytes = new Uint8Array(13);
    const block: Action = { type: 'send-block', connection: 3, header: bytes, payload: bytes };
    expect(turn(checker, seed, woke, block)).toMatch(/sends a block/);
    (parts(seed).sessions as Map<number, unknown>).set(901, {});
    expect(turn(checker, seed, woke)).toMatch(/1 peers are here/);
    expect(turn(checker, seed, online)).toBeUndefined();
  });
});

describe('nobody-is-misled', () => {
  it('nobody-is-misled reports a peer without the piece that heard of it and of no loss for a round', () => {
    const checker = nobodyIsMisled();
    expect(turn(checker, seed, woke)).toBeUndefined();
    const lacked = [...world.geometry.pieces()].findLast((index) => !sessionIn(seed).pieces.has(index))!;
    expect(turn(checker, seed, lost(lacked))).toBeUndefined();
    (parts(seed).ledger as { has(pieceIndex: PieceIndex): boolean }).has = () => false;
    const late = { world, peer: seed, fact: woke, actions: [], nowMs: world.nowMs + 61_000 };
    expect(checker.onTurn!(late)).toMatch(new RegExp(`was told of piece ${lacked}, which is lost since`));
  });

  it('nobody-is-misled accepts a peer that has the lost piece itself', () => {
    const checker = nobodyIsMisled();
    turn(checker, seed, woke);
    const held = [...world.geometry.pieces()].find((index) => sessionIn(seed).pieces.has(index))!;
    turn(checker, seed, lost(held));
    (parts(seed).ledger as { has(pieceIndex: PieceIndex): boolean }).has = () => false;
    const late = { world, peer: seed, fact: woke, actions: [], nowMs: world.nowMs + 61_000 };
    expect(checker.onTurn!(late)).toBeUndefined();
  });
});
