/** A crowd of useless peers at an engine with few seats: honest peers are still accepted. */
import { describe, expect, it } from 'vitest';
import type { Limits } from '../../../client/engine/limits.ts';
import { blockBytes, EngineLab, type JoinOptions, type ScriptedPeer } from '../engine-lab.ts';

const few = { connectionsMax: 4, connectionsPerTorrentMax: 4 };
/** Each peer in a network of its own. */
const host = (i: number) => ({ host: `${10 + i}.0.0.1`, port: 6881 });
const fourSilent = (lab: EngineLab, options: JoinOptions = { has: 'none', chokes: true }) =>
  [0, 1, 2, 3].map((i) => lab.join({ address: host(i), ...options }));
const isIn = ({ closed }: ScriptedPeer) => closed === undefined;

function seedWith(limits: Partial<Limits> = {}): EngineLab {
  return new EngineLab({ has: 'all', limits: { ...few, ...limits } });
}

/** The peer requests a block and takes it. */
function trade(lab: EngineLab, peer: ScriptedPeer, index = 0): void {
  peer.say({ type: 'request', index, begin: 0, length: blockBytes });
  lab.answerReads();
  lab.tell({ type: 'flushed', connection: peer.connection, bytes: peer.bytesHeard });
}

describe('a seed whose seats are all taken', () => {
  it("a newcomer is refused while all peers are new, and accepted when a silent peer's grace is over", () => {
    const lab = seedWith();
    const silent = fourSilent(lab);
    expect(lab.join({ address: host(8), has: 'none', interested: true }).closed).toBe('too-many-connections');
    lab.pass(21_000);
    for (const peer of silent) peer.sayBytes(new Uint8Array(4));
    expect(isIn(lab.join({ address: host(9), has: 'none', interested: true }))).toBe(true);
    expect(silent.map(({ closed }) => closed)).toEqual(['made-room', undefined, undefined, undefined]);
  });

  it('a newcomer is accepted at once when one address holds several seats', () => {
    const lab = seedWith();
    const silent = [0, 0, 1, 2].map((i) => lab.join({ address: host(i), has: 'none', chokes: true }));
    expect(isIn(lab.join({ address: host(9), has: 'none' }))).toBe(true);
    expect(silent.map(isIn)).toEqual([false, true, true, true]);
  });

  it('peers that took a block lately keep their seats', () => {
    const lab = seedWith();
    const served = fourSilent(lab, { has: 'none', interested: true });
    lab.pass(30_000);
    for (const peer of served) trade(lab, peer);
    lab.pass(59_000);
    for (let i = 10; i < 30; i++) lab.join({ address: host(i), has: 'none', interested: true });
    expect(served.every(isIn)).toBe(true);
  });

  it('a newcomer gets the seat of one long-time leecher, and the others keep theirs for now', () => {
    const lab = seedWith({ seatTurnMs: 200_000 });
    const served = fourSilent(lab, { has: 'none', interested: true });
    const trades = () => {
      for (const [i, peer] of served.entries()) if (isIn(peer)) trade(lab, peer, i);
      lab.pass(20_000);
    };
    for (let ms = 0; ms < 200_000; ms += 20_000) {
      expect(lab.join({ address: host(8), has: 'none', interested: true }).closed).toBe(
        'too-many-connections',
      );
      trades();
    }
    const newcomer = lab.join({ address: host(9), has: 'none', interested: true });
    expect([newcomer, ...served].map(isIn)).toEqual([true, false, true, true, true]);
    trade(lab, newcomer);
    trades();
    expect(isIn(lab.join({ address: host(10), has: 'none', interested: true }))).toBe(true);
    expect([newcomer, ...served].map(isIn)).toEqual([true, false, false, true, true]);
  });

  it('newcomers get half of the seats of one network whose peers take a block a minute', () => {
    const lab = seedWith();
    const crowd = [1, 2, 3, 4].map((i) =>
      lab.join({ address: { host: `9.9.9.${i}`, port: 1 }, has: 'none', interested: true }),
    );
    for (const peer of crowd) trade(lab, peer);
    expect(lab.join({ address: { host: '9.9.9.5', port: 1 }, has: 'none' }).closed).toBe(
      'too-many-connections',
    );
    const newcomers = [1, 2, 3].map((i) => {
      const peer = lab.join({ address: host(i), has: 'none', interested: true });
      if (isIn(peer)) trade(lab, peer);
      return peer;
    });
    expect(newcomers.map(isIn)).toEqual([true, true, false]);
    expect(crowd.filter(isIn)).toHaveLength(2);
  });

  it('interest, requests whose blocks are not read, and a trickle of bytes do not make a peer useful', () => {
    const claims = (lab: EngineLab) => fourSilent(lab, { has: 'none', interested: true });
    const stories: ((lab: EngineLab) => readonly ScriptedPeer[])[] = [
      claims,
      (lab) => {
        const peers = claims(lab);
        for (const peer of peers) peer.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
        lab.answerReads();
        return peers;
      },
      (lab) => {
        const peers = claims(lab);
        for (const peer of peers) {
          peer.say({ type: 'request', index: 0, begin: 0, length: 1 });
          lab.answerReads();
          lab.tell({ type: 'flushed', connection: peer.connection, bytes: peer.bytesHeard });
        }
        return peers;
      },
    ];
    for (const story of stories) {
      const lab = seedWith();
      const peers = story(lab);
      lab.pass(25_000);
      expect(isIn(lab.join({ address: host(9), has: 'none', interested: true }))).toBe(true);
      expect(peers.filter(isIn)).toHaveLength(3);
    }
  });

  it('an address that reconnects again and again does not empty the table', () => {
    const lab = seedWith({ seatWaitMs: 30_000 });
    fourSilent(lab, { has: 'none', interested: true });
    lab.pass(30_000);
    const newcomers = [8, 9].map((i) => lab.join({ address: host(i), has: 'none', interested: true }));
    expect(newcomers.map(isIn)).toEqual([true, true]);
    // Peers that made room return, and replace no other peer for a while.
    const back = [0, 1].map((i) => lab.join({ address: host(i), has: 'none', interested: true }));
    expect(back.map(({ closed }) => closed)).toEqual(['too-many-connections', 'too-many-connections']);
    expect(newcomers.map(isIn)).toEqual([true, true]);
  });

  it('half-open connections from any number of addresses do not keep a newcomer out', () => {
    const lab = seedWith({ halfOpenMax: 8 });
    const knocking = Array.from({ length: 200 }, (_, i) => lab.connect({ host: `20.${i}.0.1`, port: 1 }));
    for (const peer of knocking.slice(-8)) peer.sayBytes(Uint8Array.of(19, 66));
    expect(knocking.filter(isIn)).toHaveLength(8);
    expect(lab.engine.usage.budget).toMatchObject({ halfOpen: 8, connections: 0 });
    const honest = lab.connect(host(1));
    for (let i = 0; i < 6; i++) lab.connect({ host: `30.${i}.0.1`, port: 1 });
    honest.shakeHands({ has: 'none' });
    expect(isIn(honest)).toBe(true);
    expect(lab.status.peers).toHaveLength(1);
  });

  it('an address that connects without end leaves a half-open place for a second address', () => {
    const lab = seedWith();
    const honest = lab.connect(host(1));
    for (let i = 0; i < 1_000; i++) lab.connect({ host: '9.9.9.9', port: i });
    honest.shakeHands({ has: 'none' });
    expect(isIn(honest)).toBe(true);
    expect(lab.engine.usage.budget.halfOpen).toBe(4);
  });
});

describe('a torrent that is being downloaded', () => {
  const dialsMax = 2;

  it('peers whose late blocks are still used keep their seats', () => {
    const lab = new EngineLab({ limits: { ...few, seatWaitMs: 30_000 }, pieceCount: 8 });
    const peers = fourSilent(lab, { has: 'all' });
    const asked = peers.map(({ owed }) => [...owed][0]!);
    // They are silent for so long that their blocks are given back.
    lab.pass(31_000);
    for (const [i, peer] of peers.entries()) peer.sendBlock(asked[i]!);
    expect(lab.status.wasted).toBe(0);
    expect(lab.join({ address: host(9), has: 'none', interested: true }).closed).toBe('too-many-connections');
    expect(peers.every(isIn)).toBe(true);
  });

  it('dials continue while peers accept them and send nothing', () => {
    const lab = new EngineLab({ limits: { dialsMax, halfOpenMax: 4 } });
    lab.learn(...Array.from({ length: 9 }, (_, i) => host(i).host));
    for (let i = 0; i < 4; i++) {
      lab.answerDial();
      lab.pass(500);
    }
    expect(lab.dials).toHaveLength(0);
    lab.pass(2_500);
    // Their places go to the next dials, long before their ten seconds are up.
    expect(lab.dials).toHaveLength(dialsMax);
    lab.answerDial().shakeHands();
    expect(lab.status.peers).toHaveLength(1);
    expect([...lab.closes.values()].flat()).toEqual(['too-many-half-open']);
  });

  it('peers of other networks are dialed when useful peers of one network hold all seats', () => {
    const lab = new EngineLab({ limits: few, pieceCount: 64 });
    const crowd = [1, 2, 3, 4].map((i) => lab.join({ address: { host: `9.9.9.${i}`, port: 1 } }));
    for (const peer of crowd) peer.serve(1);
    lab.learn('9.9.9.5', host(1).host);
    lab.pass(2_500);
    expect(lab.dials).toHaveLength(1);
    const newcomer = lab.answerDial();
    expect(newcomer.address).toEqual(host(1));
    newcomer.shakeHands({ peerId: new Uint8Array(20).fill(99) });
    expect([newcomer, ...crowd].filter(isIn)).toHaveLength(4);
    expect(isIn(newcomer)).toBe(true);
  });

  it('dials continue when peers that give nothing hold the seats', () => {
    const lab = new EngineLab({ limits: { ...few, dialsMax, seatWaitMs: 30_000 } });
    lab.learn(...Array.from({ length: 5 }, (_, i) => host(i).host));
    for (let i = 0; i < 4; i++) {
      const peer = lab.answerDial();
      // Two send nothing about pieces, two have all pieces and never unchoke.
      peer.shakeHands({ has: i < 2 ? 'none' : 'all', chokes: true, peerId: new Uint8Array(20).fill(i + 1) });
      lab.pass(500);
    }
    expect(lab.dials).toHaveLength(0);
    lab.pass(21_000);
    const seed = lab.answerDial();
    seed.shakeHands({ peerId: new Uint8Array(20).fill(9) });
    expect(isIn(seed)).toBe(true);
    expect(seed.owed.length).toBeGreaterThan(0);
  });
});

it('a peer that is being dialed is accepted when it connects to us', () => {
  const lab = new EngineLab({ limits: { connectionsPerHostMax: 1 } });
  lab.learn(host(1).host);
  expect(lab.dials).toHaveLength(1);
  expect(isIn(lab.join({ address: { ...host(1), port: 50_000 } }))).toBe(true);
});

it('a crowd on one torrent leaves room for another torrent', () => {
  const lab = new EngineLab({ has: 'all', limits: { connectionsMax: 4, connectionsPerTorrentMax: 4 } });
  const infoHash = new Uint8Array(20).fill(7);
  const { geometry } = lab;
  lab.tell({ type: 'added', spec: { torrent: 2, infoHash, geometry, trackers: [], private: false } });
  fourSilent(lab, { has: 'none', interested: true });
  const others = [5, 6, 7].map((i) => lab.join({ address: host(i), infoHash }));
  expect(others.map(isIn)).toEqual([true, true, false]);
  expect(lab.engine.status(2)!.peers).toHaveLength(2);
});

describe('the upload slots of a seed', () => {
  /** Of `count` waiting peers the last is honest. Returns whether it is unchoked after a while. */
  function isLastServed(waste: (lab: EngineLab, peer: ScriptedPeer) => void): boolean {
    const lab = new EngineLab({ has: 'all', limits: { uploadSlotsMin: 2, uploadSlotsMax: 2 } });
    const crowd = Array.from({ length: 12 }, (_, i) =>
      lab.join({ address: host(i), has: 'none', interested: true }),
    );
    const honest = lab.join({ address: host(20), has: 'none', interested: true });
    const wasting = new Set<ScriptedPeer>();
    for (let second = 0; second < 100; second++) {
      for (const peer of crowd) {
        if (wasting.has(peer) || peer.heardOf('unchoke').length === 0) continue;
        wasting.add(peer);
        waste(lab, peer);
      }
      lab.pass(1_000);
      if (honest.heardOf('unchoke').length > 0) return true;
    }
    return false;
  }

  it('slots move from peers that are interested and request nothing to waiting peers', () => {
    const read = (lab: EngineLab, { connection, bytesHeard: bytes }: ScriptedPeer) =>
      lab.tell({ type: 'flushed', connection, bytes });
    expect(isLastServed(read)).toBe(true);
  });

  it('a peer that does not read its blocks loses its slot, and is disconnected after a minute', () => {
    const lab = seedWith();
    const reads = lab.join({ address: host(0), has: 'none', interested: true });
    const idles = lab.join({ address: host(1), has: 'none', interested: true });
    for (const peer of [reads, idles]) peer.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
    lab.answerReads();
    for (let i = 0; i < 7; i++) {
      lab.pass(9_000);
      lab.tell({ type: 'flushed', connection: reads.connection, bytes: 100 });
    }
    expect([reads.closed, idles.closed]).toEqual([undefined, 'not-reading']);
  });
});
