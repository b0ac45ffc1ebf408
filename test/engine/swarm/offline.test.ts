/** A complete torrent whose files are missing behaves as if stopped, until they are back. */
import { describe, expect, it } from 'vitest';
import { blockBytes, EngineLab } from '../engine-lab.ts';
import { expectNothingLeft, limits } from '../leftovers.ts';

const trouble = { code: 'content-moved', message: 'the folder is not there' };
const trackers = ['http://a.test/announce', 'http://b.test/announce'] as const;

function seed(): EngineLab {
  return new EngineLab({ has: 'all', trackers: [[trackers[0]], [trackers[1]]], limits });
}

const goOffline = (lab: EngineLab) => lab.tell({ type: 'content-offline', torrent: 1, trouble });
const comeOnline = (lab: EngineLab) => lab.tell({ type: 'content-online', torrent: 1 });
const answer = (lab: EngineLab, tracker: string = trackers[0]) =>
  lab.tell({ type: 'announced', torrent: 1, tracker, answer: { peers: [], intervalSeconds: 1_800 } });
const events = (lab: EngineLab) => lab.announces.map(({ event }) => event);
const reports = (lab: EngineLab) => lab.reports.map(({ type }) => type);

describe('a torrent whose files are missing', () => {
  it('a torrent whose files are missing goes offline and reports why, once', () => {
    const lab = seed();
    expect(lab.status.offline).toBe(false);
    goOffline(lab);
    goOffline(lab);
    expect(lab.status).toMatchObject({ offline: true, complete: true, trouble });
    expect(lab.reports.filter(({ type }) => type === 'content-offline')).toEqual([
      { type: 'content-offline', torrent: 1, trouble },
    ]);
  });

  it('a tracker that lists an offline torrent gets `stopped` once, and nothing after that', () => {
    const lab = seed();
    answer(lab);
    goOffline(lab);
    answer(lab);
    lab.pass(4 * 3_600_000, 60_000);
    goOffline(lab);
    expect(events(lab)).toEqual(['started', 'stopped']);
    expect(lab.announces.at(-1)).toMatchObject({ tracker: trackers[0], peersWanted: 0 });
  });

  it('a tracker with an open announce gets `stopped`, and its answer does not list the torrent', () => {
    const lab = seed();
    goOffline(lab);
    answer(lab);
    answer(lab);
    lab.pass(3_600_000, 60_000);
    expect(events(lab)).toEqual(['started', 'stopped']);
    lab.stop();
    expect(events(lab)).toEqual(['started', 'stopped']);
  });

  it('an offline torrent closes its peers and dials, connected or not', () => {
    const lab = seed();
    const peer = lab.join({ has: 'none', interested: true });
    lab.learn('10.1.1.1', '10.1.1.2');
    const halfOpen = lab.answerDial();
    goOffline(lab);
    expect(peer.closed).toBe('torrent-offline');
    expect(halfOpen.closed).toBe('torrent-offline');
    lab.pass(1_000);
    expect(lab.engine.usage.sessions.size).toBe(0);
    expect(lab.engine.usage.budget).toMatchObject({ connections: 0, dials: 0 });
    expect(lab.engine.usage.dials.size).toBe(0);
  });

  it('an offline torrent dials no peer', () => {
    const lab = seed();
    answer(lab);
    goOffline(lab);
    lab.learn('10.1.1.1');
    const peers = [{ host: '10.1.1.2', port: 6881 }];
    lab.tell({ type: 'announced', torrent: 1, tracker: trackers[0], answer: { peers, intervalSeconds: 60 } });
    lab.pass(60_000);
    expect(lab.dials).toEqual([]);
  });

  it('an offline torrent accepts no peer, not even one that connected before', () => {
    const lab = seed();
    const early = lab.connect();
    goOffline(lab);
    early.shakeHands({ has: 'none' });
    const late = lab.join({ has: 'none' });
    expect([early.closed, late.closed]).toEqual(['torrent-offline', 'torrent-offline']);
    expect([early.bytesHeard, late.bytesHeard]).toEqual([0, 0]);
  });

  it('an offline torrent sends no block that was being read', () => {
    const lab = seed();
    const peer = lab.join({ has: 'none', interested: true });
    peer.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
    goOffline(lab);
    lab.answerReads();
    expect(peer.heardOf('piece')).toEqual([]);
  });

  it('an offline torrent can be stopped: nothing is left, and no tracker gets `stopped` twice', () => {
    const lab = seed();
    answer(lab);
    lab.join({ has: 'none' });
    goOffline(lab);
    lab.stop();
    expect(events(lab)).toEqual(['started', 'stopped']);
    expectNothingLeft(lab);
  });

  it('going offline drops pieces being downloaded, and stores pieces being stored', () => {
    const lab = new EngineLab();
    const peer = lab.join();
    peer.serve(5);
    expect(lab.stores).toHaveLength(1);
    goOffline(lab);
    lab.store('stored');
    expect(lab.status.haveCount).toBe(1);
    expect(lab.engine.usage.budget.pieceBytes).toBe(0);
    comeOnline(lab);
    const again = lab.join();
    for (let round = 0; round < 50 && !lab.status.complete; round++) {
      again.serve();
      while (lab.stores.length > 0) lab.store('stored');
      lab.pass(500);
    }
    expect(lab.status.complete).toBe(true);
  });
});

describe('a torrent whose files are back', () => {
  it('a torrent that is online again announces `started`, is listed, and serves peers as before', () => {
    const lab = seed();
    answer(lab);
    goOffline(lab);
    answer(lab);
    lab.learn('10.1.1.1');
    lab.pass(60_000);
    comeOnline(lab);
    comeOnline(lab);
    expect(lab.status).toMatchObject({ offline: false, trouble: undefined });
    expect(events(lab)).toEqual(['started', 'stopped', 'started']);
    expect(lab.announces.at(-1)).toMatchObject({ left: 0, tracker: trackers[0] });
    expect(reports(lab).filter((type) => type.startsWith('content'))).toEqual([
      'content-offline',
      'content-online',
    ]);
    expect(lab.dials).toHaveLength(1);
    const peer = lab.join({ has: 'none', interested: true });
    peer.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
    lab.answerReads();
    expect(peer.heardOf('piece')).toHaveLength(1);
  });

  it('a torrent that is online again sends `started` only after the answer to `stopped`', () => {
    const lab = seed();
    answer(lab);
    lab.pass(60_000);
    goOffline(lab);
    comeOnline(lab);
    lab.pass(1_000);
    expect(events(lab)).toEqual(['started', 'stopped']);
    lab.tell({ type: 'announce-failed', torrent: 1, tracker: trackers[0], reason: 'no answer in time' });
    expect(events(lab)).toEqual(['started', 'stopped', 'started']);
  });

  it('a torrent that comes and goes announces at most every ten seconds', () => {
    const lab = seed();
    answer(lab);
    for (let second = 0; second < 60; second++) {
      goOffline(lab);
      answer(lab);
      comeOnline(lab);
      answer(lab);
      lab.pass(1_000);
      answer(lab);
    }
    expect(events(lab).filter((event) => event === 'started').length).toBeLessThanOrEqual(8);
  });

  it('online without offline changes nothing', () => {
    const lab = seed();
    answer(lab);
    const before = lab.reports.length;
    comeOnline(lab);
    lab.pass(20_000);
    expect(events(lab)).toEqual(['started']);
    expect(lab.reports).toHaveLength(before);
  });

  it('a torrent that lost pieces while offline continues without them', () => {
    const lab = seed();
    answer(lab);
    goOffline(lab);
    answer(lab);
    const pieces = [3 as never];
    lab.tell({
      type: 'pieces-lost',
      torrent: 1,
      pieces,
      trouble: { code: 'content-changed', message: 'changed' },
    });
    lab.pass(60_000);
    comeOnline(lab);
    expect(lab.announces.at(-1)).toMatchObject({ event: 'started', left: 4 * blockBytes });
    const peer = lab.join();
    expect(peer.heardOf('request').map(({ index }) => index)).toEqual([3, 3, 3, 3]);
  });
});

describe('an unknown torrent', () => {
  it('offline and online of an unknown torrent are ignored', () => {
    const lab = seed();
    lab.tell({ type: 'content-offline', torrent: 9, trouble });
    lab.tell({ type: 'content-online', torrent: 9 });
    lab.stop();
    goOffline(lab);
    comeOnline(lab);
    expect(reports(lab).filter((type) => type.startsWith('content'))).toEqual([]);
  });
});
