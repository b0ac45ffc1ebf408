import { describe, expect, it } from 'vitest';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';

const piecesOwed = (peer: ScriptedPeer) => [...new Set(peer.owed.map((r) => r.index))].sort((a, b) => a - b);

/** A peer with a verified piece: it may be asked for many. */
function proven(lab: EngineLab): ScriptedPeer {
  const peer = lab.join();
  peer.serve(4);
  lab.store();
  return peer;
}

describe('a peer', () => {
  it('a peer gets no request while it chokes us, or has nothing we lack', () => {
    const lab = new EngineLab({ has: (i) => i < 4 });
    const choking = lab.join({ chokes: true });
    const useless = lab.join({ has: [0, 1, 2, 3] });
    lab.pass(5_000);
    expect([choking.owed, useless.owed]).toEqual([[], []]);
    expect([choking.heardOf('interested').length, useless.heardOf('interested').length]).toEqual([1, 0]);
  });

  it('a peer gets requests only for pieces that it has', () => {
    const lab = new EngineLab();
    const peer = lab.join({ has: [2, 5] });
    for (let i = 0; i < 2; i++) {
      for (const { index } of peer.owed) expect([2, 5]).toContain(index);
      peer.serve();
      while (lab.stores.length > 0) lab.store();
    }
    expect(lab.status.haveCount).toBe(2);
    expect(peer.heardOf('not-interested')).toHaveLength(1);
  });

  it('a new peer gets one piece, and more once that one is verified', () => {
    const lab = new EngineLab();
    const peer = lab.join();
    expect(piecesOwed(peer)).toHaveLength(1);
    peer.serve();
    lab.pass(1_000);
    expect(peer.owed).toEqual([]);
    lab.store();
    expect(piecesOwed(peer).length).toBeGreaterThan(1);
  });

  it('a peer keeps to the pieces it began, and two peers share no piece while others are left', () => {
    const lab = new EngineLab({ pieceCount: 100 });
    const peers = [proven(lab), proven(lab)];
    lab.pass(500);
    const [a, b] = peers.map(piecesOwed) as [number[], number[]];
    expect(a.length).toBeGreaterThan(2);
    expect(a.filter((piece) => b.includes(piece))).toEqual([]);
  });

  it('a block is never requested twice from one peer, nor from two peers before the endgame', () => {
    const lab = new EngineLab({ pieceCount: 40 });
    const peers = [proven(lab), lab.join(), lab.join()];
    const keys = peers.flatMap((peer) => peer.owed.map((r) => `${r.index}/${r.begin}`));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('a peer that leaves requests unanswered', () => {
  it.each<[string, (peer: ScriptedPeer) => void]>([
    ['it hangs up', (peer) => peer.hangUp()],
    ['it chokes us', (peer) => peer.say({ type: 'choke' })],
    ['it is silent for ten seconds', (peer) => peer.lab.pass(11_000)],
  ])('is asked of another when %s, and only that', (_, end) => {
    const lab = new EngineLab({ pieceCount: 1, blocksPerPiece: 8 });
    const first = lab.join();
    const [a, b] = [...first.owed];
    first.sendBlock(a!);
    first.sendBlock(b!);
    end(first);
    const second = lab.join();
    expect(second.owed.map((r) => r.begin / blockBytes)).toEqual([2, 3, 4, 5, 6, 7]);
    second.serve();
    lab.store();
    expect(lab.status).toMatchObject({ complete: true, wasted: 0 });
  });

  it('a peer that holds requests and is silent for a minute is disconnected', () => {
    const lab = new EngineLab({ pieceCount: 1 });
    const peer = lab.join();
    lab.pass(59_000);
    expect(peer.closed).toBeUndefined();
    lab.pass(2_000);
    expect(peer.closed).toBe('stalled');
  });
});

describe('the endgame', () => {
  it('a block that a slow peer owes is requested from a second one, and the later copy is cancelled', () => {
    const lab = new EngineLab({ pieceCount: 3, blocksPerPiece: 1 });
    const slow = lab.join();
    const [owed] = [...slow.owed];
    const quick = lab.join();
    for (let i = 0; i < 2; i++) {
      quick.serve();
      while (lab.stores.length > 0) lab.store();
    }
    lab.pass(3_000);
    if (quick.owed.length > 0) quick.serve();
    expect(slow.heardOf('cancel')).toEqual([{ ...owed, type: 'cancel' }]);
    lab.store();
    expect(lab.status).toMatchObject({ complete: true, wasted: 0 });
  });

  it('no copies are requested between equally fast peers', () => {
    const lab = new EngineLab({ pieceCount: 20 });
    const peers = [proven(lab), proven(lab)];
    for (let i = 0; i < 400 && !lab.status.complete; i++) {
      for (const peer of peers) peer.serve(1);
      while (lab.stores.length > 0) lab.store();
      lab.pass(100, 50);
    }
    expect(lab.status.complete).toBe(true);
    expect(lab.status.wasted).toBeLessThanOrEqual(2 * blockBytes);
  });
});

describe('a corrupt piece', () => {
  it('the next copy of a corrupt piece comes from one peer alone, which proves guilt', () => {
    const lab = new EngineLab({ pieceCount: 1, blocksPerPiece: 8 });
    const first = lab.join();
    first.serve(4);
    first.say({ type: 'choke' });
    const second = lab.join();
    second.serve();
    lab.store('corrupt', []);
    first.say({ type: 'unchoke' });
    lab.pass(2_000);
    expect([first, second].filter((peer) => peer.owed.length > 0)).toHaveLength(1);
    expect([...first.owed, ...second.owed]).toHaveLength(8);
  });
});

describe('the memory for pieces', () => {
  it('the memory for pieces is never exceeded, and one piece may always be begun', () => {
    const lab = new EngineLab({ pieceCount: 50, limits: { pieceMemoryBytesMax: 8 * blockBytes } });
    const peers = [proven(lab), lab.join(), lab.join()];
    for (let i = 0; i < 300 && !lab.status.complete; i++) {
      expect(lab.memory.outstanding).toBeLessThanOrEqual(2);
      for (const peer of peers) peer.serve(1);
      if (i % 3 === 0) while (lab.stores.length > 0) lab.store();
      lab.pass(250);
    }
    expect(lab.status.complete).toBe(true);
    const tiny = new EngineLab({ limits: { pieceMemoryBytesMax: 1 } });
    expect(tiny.join().owed).toHaveLength(4);
  });
});

describe('a download limit', () => {
  it('a download limit delays requests, not arriving bytes', () => {
    const lab = new EngineLab({ pieceCount: 200, downloadBpsMax: 4 * blockBytes });
    const peer = lab.join();
    for (let second = 0; second < 20; second++) {
      for (let i = 0; i < 20; i++) {
        lab.pass(50, 50);
        peer.serve();
        while (lab.stores.length > 0) lab.store();
      }
    }
    const blocks = lab.status.downloaded / blockBytes;
    expect(blocks).toBeGreaterThanOrEqual(76);
    expect(blocks).toBeLessThanOrEqual(83);
  });
});
