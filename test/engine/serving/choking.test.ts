import { describe, expect, it } from 'vitest';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';

/** The peers that are unchoked now, by the messages they got. */
function served(peers: readonly ScriptedPeer[]): ScriptedPeer[] {
  return peers.filter((peer) => {
    const words = peer.heard.filter((m) => m.type === 'choke' || m.type === 'unchoke');
    return peer.closed === undefined && words.at(-1)?.type === 'unchoke';
  });
}

function crowd(lab: EngineLab, count: number): ScriptedPeer[] {
  return Array.from({ length: count }, () => lab.join({ has: 'none', interested: true }));
}

describe('upload slots', () => {
  it('a free slot goes to an interested peer at once', () => {
    const lab = new EngineLab({ has: 'all', limits: { uploadSlotsMax: 2 } });
    const [a, b, c] = crowd(lab, 3) as [ScriptedPeer, ScriptedPeer, ScriptedPeer];
    expect(served([a, b, c])).toEqual([a, b]);
    a.say({ type: 'not-interested' });
    expect(served([a, b, c])).toEqual([b, c]);
    b.hangUp();
    a.say({ type: 'interested' });
    expect(served([a, b, c])).toEqual([a, c]);
  });

  it('a peer that is not interested gets no slot', () => {
    const lab = new EngineLab({ has: 'all' });
    const peer = lab.join({ has: 'none' });
    lab.pass(60_000);
    expect(served([peer])).toEqual([]);
  });

  it('the number of served peers never exceeds the slots, in any sequence of messages', () => {
    const lab = new EngineLab({
      has: 'all',
      limits: { uploadSlotsMax: 3, connectionsPerHostMax: 50 },
      seed: 4,
    });
    let peers = crowd(lab, 10);
    for (let i = 0; i < 400; i++) {
      const peer = peers[(i * 7) % peers.length]!;
      if (i % 11 === 0) {
        peer.hangUp();
        peers = [...peers.filter((p) => p !== peer), ...crowd(lab, 1)];
      } else {
        peer.say({ type: i % 3 === 0 ? 'not-interested' : 'interested' });
      }
      if (i % 2 === 0) lab.pass(1_000, 500);
      for (const p of peers) p.say({ type: 'keep-alive' });
      expect(served(peers).length).toBeLessThanOrEqual(3);
    }
    for (const peer of peers) peer.say({ type: 'interested' });
    expect(served(peers)).toHaveLength(3);
  });

  it('slots are free again after a flood of interested and not interested', () => {
    const lab = new EngineLab({ has: 'all', limits: { uploadSlotsMax: 1 } });
    const nervous = lab.join({ has: 'none' });
    for (let i = 0; i < 500; i++) nervous.say({ type: 'interested' }, { type: 'not-interested' });
    const [calm] = crowd(lab, 1);
    expect(served([nervous, calm!])).toEqual([calm]);
  });
});

describe('when slots are short', () => {
  it('the peers that give us most are unchoked, and one more at random', () => {
    const lab = new EngineLab({ pieceCount: 400, limits: { uploadSlotsMax: 3 }, has: (i) => i === 399 });
    const has = Array.from({ length: 399 }, (_, i) => i);
    const peers = Array.from({ length: 6 }, () => lab.join({ has, interested: true }));
    // The later a peer joined, the more it gives.
    for (let round = 0; round < 90; round++) {
      for (const [i, peer] of peers.entries()) peer.serve(i);
      while (lab.stores.length > 0) lab.store();
      lab.pass(250);
    }
    const now = served(peers);
    expect(now).toHaveLength(3);
    expect(now).toContain(peers[5]);
    expect(now).toContain(peers[4]);
  });

  it.each([1, 3])(
    'the optimistic unchoke rotates, and every peer gets a turn (every %i rounds)',
    (optimisticRechokes) => {
      const lab = new EngineLab({ has: 'all', limits: { uploadSlotsMax: 1, optimisticRechokes } });
      const peers = crowd(lab, 4);
      const lucky = new Set<ScriptedPeer>();
      for (let i = 0; i < 120 && lucky.size < 4; i++) {
        lab.pass(10_000, 500);
        for (const peer of served(peers)) lucky.add(peer);
        for (const peer of peers) peer.say({ type: 'keep-alive' });
      }
      expect(lucky.size).toBe(4);
    },
  );

  it('the optimistic unchoke keeps its slot for three rounds', () => {
    const lab = new EngineLab({ has: 'all', limits: { uploadSlotsMax: 1 } });
    const peers = crowd(lab, 5);
    lab.pass(10_000, 500);
    const changes: number[] = [];
    let last = served(peers)[0];
    for (let second = 0; second < 300; second++) {
      lab.pass(1_000, 500);
      for (const peer of peers) peer.say({ type: 'keep-alive' });
      const [now] = served(peers);
      if (now !== last) changes.push(second);
      last = now;
    }
    for (const [i, at] of changes.entries())
      if (i > 0) expect(at - changes[i - 1]!).toBeGreaterThanOrEqual(29);
    expect(changes.length).toBeGreaterThan(0);
  });
});

describe('a choke', () => {
  it("a choke drops the peer's requests: with BEP 6 each is rejected, and a block being read is not sent", () => {
    const lab = new EngineLab({ has: 'all', limits: { uploadSlotsMax: 1, uploadWindowBytes: blockBytes } });
    const peer = lab.join({ has: 'none', interested: true });
    for (let i = 0; i < 3; i++) peer.say({ type: 'request', index: i, begin: 0, length: blockBytes });
    expect(lab.reads).toHaveLength(1);
    peer.say({ type: 'not-interested' });
    expect(served([peer])).toEqual([]);
    expect(peer.heardOf('reject').map((r) => r.index)).toEqual([0, 1, 2]);
    lab.answerReads();
    expect(peer.heardOf('piece')).toEqual([]);
  });
});
