/**
 * Pieces that were stored and that the disk no longer holds: they are downloaded again, are not served, and
 * no peer is left believing that we have them.
 */
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { blockBytes, EngineLab, type LabOptions, type ScriptedPeer } from '../engine-lab.ts';
import { expectNothingLeft, limits } from '../leftovers.ts';

const trouble = { code: 'content-changed', message: 'part of it was deleted' };
const tracker = 'http://tracker.test/announce';

/** The disk reports these pieces as lost. */
function lose(lab: EngineLab, ...pieces: number[]): void {
  lab.tell({ type: 'pieces-lost', torrent: 1, pieces: pieces as PieceIndex[], trouble });
}

function fetchAll(lab: EngineLab, peer: ScriptedPeer): void {
  for (let round = 0; round < 100 && !lab.status.complete; round++) {
    peer.serve();
    while (lab.stores.length > 0) lab.store('stored');
    lab.pass(500);
  }
}

const completedCount = (lab: EngineLab) => lab.reports.filter(({ type }) => type === 'completed').length;
const seed = (options: LabOptions = {}) => new EngineLab({ has: 'all', ...options });
const request = (index: number, begin = 0) =>
  ({ type: 'request', index, begin, length: blockBytes }) as const;

describe('a lost piece', () => {
  it('a lost piece is missing in all counts and bytes, and the loss is reported', () => {
    const lab = seed({ pieceCount: 8, lastPieceBytes: 1_000 });
    lose(lab, 2, 7);
    const { totalBytes } = lab.geometry;
    const lostBytes = 4 * blockBytes + 1_000;
    expect(lab.status).toMatchObject({ complete: false, haveCount: 6, haveBytes: totalBytes - lostBytes });
    expect(lab.status).toMatchObject({ haveWantedBytes: totalBytes - lostBytes, trouble });
    expect(lab.reports).toContainEqual({
      type: 'pieces-lost',
      torrent: 1,
      pieceCount: 2,
      bytes: lostBytes,
      trouble,
    });
  });

  it('a lost piece is downloaded again, and the completion is reported again', () => {
    const lab = new EngineLab({ limits });
    const peer = lab.join();
    fetchAll(lab, peer);
    expect(completedCount(lab)).toBe(1);
    lose(lab, 0, 3);
    const again = lab.join();
    fetchAll(lab, again);
    expect(
      again
        .heardOf('request')
        .map(({ index }) => index)
        .sort(),
    ).toEqual([0, 0, 0, 0, 3, 3, 3, 3]);
    expect(lab.status).toMatchObject({ complete: true, haveCount: 8, trouble: undefined });
    expect(completedCount(lab)).toBe(2);
    lab.stop();
    expectNothingLeft(lab);
  });

  it('a piece named twice is lost once, and a missing or unknown piece is not lost', () => {
    const lab = new EngineLab({ has: (i) => i < 4 });
    lose(lab, 1, 1, 6, 99);
    lose(lab, 1, 6);
    expect(lab.status.haveCount).toBe(3);
    expect(lab.reports.filter(({ type }) => type === 'pieces-lost')).toHaveLength(1);
  });

  it('lost pieces of a stopped torrent or of a magnet link are ignored', () => {
    const lab = seed();
    const infoHash = new Uint8Array(20);
    lab.tell({ type: 'magnet-added', spec: { torrent: 2, infoHash, trackers: [] } });
    lab.tell({ type: 'pieces-lost', torrent: 2, pieces: [0 as PieceIndex], trouble });
    lab.stop();
    lose(lab, 0);
    expect(lab.reports.filter(({ type }) => type === 'pieces-lost')).toEqual([]);
  });

  it('a piece that is reported lost while it is being stored counts as stored afterwards', () => {
    const lab = new EngineLab();
    const peer = lab.join();
    peer.serve(4);
    const [{ pieceIndex }] = lab.stores as [(typeof lab.stores)[0]];
    lose(lab, pieceIndex);
    lab.store('stored');
    expect(lab.status.haveCount).toBe(1);
    fetchAll(lab, peer);
    expect(lab.status.complete).toBe(true);
  });

  it('a lost piece that is unwanted is not downloaded, and is no trouble any more', () => {
    const lab = seed();
    lab.tell({ type: 'pieces-selected', torrent: 1, priorities: Uint8Array.of(0, 4, 4, 4, 4, 4, 4, 4) });
    lose(lab, 0);
    expect(lab.status).toMatchObject({ complete: true, haveCount: 7, trouble: undefined });
    const peer = lab.join({ has: [0] });
    lab.pass(1_000);
    expect(peer.heardOf('request')).toEqual([]);
  });

  it('a lost piece with a deadline comes first', () => {
    const lab = seed({ pieceCount: 20 });
    const lost = [3, 4, 5, 6, 7, 8, 9];
    lose(lab, ...lost);
    lab.tell({ type: 'deadline-set', torrent: 1, pieceIndex: 9 as PieceIndex, atMs: lab.nowMs + 5_000 });
    const peer = lab.join();
    expect(peer.heardOf('request')[0]!.index).toBe(9);
  });

  it('a loss is shown as a trouble until the piece is stored again', () => {
    const lab = new EngineLab({ has: (i) => i < 4 });
    lose(lab, 2);
    const others = lab.join({ has: [4, 5, 6, 7] });
    for (let round = 0; round < 20; round++) {
      others.serve();
      while (lab.stores.length > 0) lab.store('stored');
      lab.pass(500);
    }
    expect(lab.status).toMatchObject({ haveCount: 7, trouble });
    fetchAll(lab, lab.join({ has: [2] }));
    expect(lab.status).toMatchObject({ haveCount: 8, trouble: undefined });
  });

  it('a lost piece does not prevent the retry after a full disk', () => {
    const lab = new EngineLab();
    const peer = lab.join();
    peer.serve(4);
    const first = lab.store('stored');
    peer.serve(4);
    lab.store('unstorable');
    lose(lab, first);
    lab.pass(6_000);
    fetchAll(lab, peer);
    expect(lab.status.complete).toBe(true);
  });

  it('a lost piece makes us interested in peers that have it', () => {
    const lab = new EngineLab({ has: (i) => i !== 7 });
    const peer = lab.join({ has: [1, 2] });
    expect(peer.heardOf('interested')).toHaveLength(0);
    lose(lab, 1);
    expect(peer.heardOf('interested')).toHaveLength(1);
    peer.serve();
    lab.store('stored');
    expect(peer.heardOf('not-interested')).toHaveLength(1);
  });
});

describe('seeds', () => {
  it('seeds are dialed again when a complete torrent has lost a piece', () => {
    const lab = new EngineLab();
    lab.learn('10.9.9.9');
    const dialed = lab.answerDial();
    dialed.shakeHands();
    fetchAll(lab, dialed);
    expect(dialed.closed).toBe('both-complete');
    lose(lab, 5);
    expect(lab.dials).toHaveLength(1);
  });
});

describe('a peer that requests a lost piece', () => {
  /** We serve it, and it lacks only the lost and the requested pieces. */
  function served(lab: EngineLab, has: readonly number[]): ScriptedPeer {
    const peer = lab.join({ has, chokes: true, interested: true });
    expect(peer.heardOf('unchoke')).toHaveLength(1);
    return peer;
  }

  it('a lost piece is never sent, even if it was being read', () => {
    const lab = seed({ limits: { lossRoundMs: 60_000 } });
    // The round of the first loss disconnects the first peer; the second stays, although it is misinformed.
    served(lab, []);
    lose(lab, 7);
    const peer = served(lab, [0, 1, 2, 3]);
    peer.say(request(4), request(4, blockBytes), request(5));
    expect(lab.reads).toHaveLength(3);
    lose(lab, 4);
    lab.answerReads();
    expect(peer.closed).toBeUndefined();
    expect(peer.heardOf('piece').map(({ index }) => index)).toEqual([5]);
    expect(peer.heardOf('reject').map(({ index }) => index)).toEqual([4, 4]);
  });

  it('a request for a lost piece is rejected', () => {
    const lab = seed();
    served(lab, []);
    lose(lab, 7);
    const peer = served(lab, [0]);
    peer.say(request(7), request(6));
    expect(peer.heardOf('reject').map(({ index }) => index)).toEqual([7]);
    expect(lab.reads).toHaveLength(1);
  });
});

describe('a peer that believes we have a lost piece', () => {
  it('a peer that lacks a lost piece is disconnected, and gets a correct bitfield when it reconnects', () => {
    const lab = seed();
    const peer = lab.join({ has: [0, 1], chokes: true });
    lose(lab, 7);
    expect(peer.closed).toBe('pieces-lost');
    const back = lab.join({ has: [0, 1], chokes: true });
    expect(back.heardOf('bitfield').map(({ bits }) => bits[0])).toEqual([0b1111_1110]);
    lab.pass(10 * 60_000);
    expect(back.closed).not.toBe('pieces-lost');
  });

  it('a peer that has the lost piece stays connected: the piece comes from it', () => {
    const lab = seed();
    const peer = lab.join({ has: [6, 7], chokes: true });
    lose(lab, 7);
    expect(peer.closed).toBeUndefined();
    peer.say({ type: 'unchoke' });
    fetchAll(lab, peer);
    expect(lab.status.complete).toBe(true);
  });

  it('misinformed peers are disconnected at most once a minute, however often the disk loses pieces', () => {
    const lab = seed();
    let peer: ScriptedPeer | undefined;
    const closes: (string | undefined)[] = [];
    for (let second = 0; second < 300; second++) {
      // The peer reconnects at once, every time.
      if (peer === undefined || peer.closed !== undefined) {
        closes.push(peer?.closed);
        peer = lab.join({ has: [0], chokes: true });
      }
      lose(lab, 1 + (second % 7));
      fetchAll(lab, lab.join());
      expect(lab.status.complete).toBe(true);
      lab.pass(500);
    }
    expect(lab.nowMs).toBeGreaterThan(300_000);
    expect(closes.filter((reason) => reason === 'pieces-lost').length).toBeLessThanOrEqual(6);
  });

  it('a peer stays connected when the piece is stored again before the next round', () => {
    const lab = seed();
    lab.join({ has: [], chokes: true });
    lose(lab, 6);
    const peer = lab.join({ has: [0], chokes: true });
    lose(lab, 7);
    expect(peer.closed).toBeUndefined();
    fetchAll(lab, lab.join());
    lab.pass(2 * 60_000);
    expect(peer.closed).toBeUndefined();
  });

  it('no `have` is sent for a piece that was lost before the message left', () => {
    const lab = new EngineLab({ limits: { havesAtOnceMax: 0 }, has: (i) => i < 7 });
    const peer = lab.join();
    const other = lab.join({ has: [0], chokes: true });
    peer.serve();
    lab.nowMs += 1;
    lab.store('stored');
    lose(lab, 7);
    lab.pass(1_000);
    expect(other.heardOf('have')).toEqual([]);
  });
});

describe('trackers', () => {
  const answer = (lab: EngineLab) =>
    lab.tell({
      type: 'announced',
      torrent: 1,
      tracker,
      answer: { peers: [], intervalSeconds: 1_800, minIntervalSeconds: 900 },
    });
  const events = (lab: EngineLab) => lab.announces.map(({ event, left }) => [event, left]);

  it('trackers get an announce within a minute of a loss, and when it is repaired', () => {
    const lab = seed({ trackers: [[tracker]] });
    answer(lab);
    lab.pass(30_000);
    lose(lab, 0);
    lab.pass(31_000);
    answer(lab);
    fetchAll(lab, lab.join());
    lab.pass(61_000);
    expect(events(lab)).toEqual([
      ['started', 0],
      [undefined, 4 * blockBytes],
      [undefined, 0],
    ]);
  });

  it('trackers get `completed` once for one download', () => {
    const lab = new EngineLab({ trackers: [[tracker]], has: (i) => i > 0 });
    answer(lab);
    fetchAll(lab, lab.join());
    answer(lab);
    lose(lab, 3);
    lab.pass(61_000);
    answer(lab);
    fetchAll(lab, lab.join());
    lab.pass(61_000);
    expect(events(lab).map(([event]) => event)).toEqual(['started', 'completed', undefined, undefined]);
  });

  it('trackers do not get `completed` while pieces are missing', () => {
    const lab = new EngineLab({ trackers: [[tracker]], has: (i) => i > 0 });
    // `started` is in flight when the last piece comes: `completed` is owed, and then it is no longer true.
    fetchAll(lab, lab.join());
    lose(lab, 3);
    answer(lab);
    lab.pass(120_000);
    expect(lab.announces.filter(({ event }) => event === 'completed')).toEqual([]);
    answer(lab);
    fetchAll(lab, lab.join());
    lab.pass(1_000);
    expect(lab.announces.at(-1)).toMatchObject({ event: 'completed', left: 0 });
  });
});
