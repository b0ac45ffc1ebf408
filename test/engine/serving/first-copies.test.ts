/** A seed sees to it that every piece leaves it once before any leaves it twice; a fetcher does it the favour. */
import { describe, expect, it } from 'vitest';
import { reachableFrom } from '../../sim/checkers/reachable.ts';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';

const suggested = (peer: ScriptedPeer) => peer.heardOf('suggest').map(({ index }) => index);

function crowd(lab: EngineLab, count: number, fast = true): ScriptedPeer[] {
  return Array.from({ length: count }, () => lab.join({ has: 'none', interested: true, fast }));
}

/** Sixteen blocks a piece: so many are asked for at first, and one piece more is named ahead of it. */
const seedOf = (pieceCount: number, limits = {}) =>
  new EngineLab({ has: 'all', pieceCount, blocksPerPiece: 16, limits });
const sorted = (pieces: readonly number[]) => [...pieces].sort((a, b) => a - b);

describe('a seed', () => {
  it('asks everybody it serves to take something else', () => {
    const all = crowd(seedOf(8), 3).flatMap(suggested);
    expect(all.length).toBe(6);
    expect(new Set(all).size).toBe(all.length);
  });

  it('names another one when one has been begun, until all are out', () => {
    const [peer] = crowd(seedOf(8), 1) as [ScriptedPeer];
    for (let i = 0; i < 8; i++)
      peer.say({ type: 'request', index: suggested(peer)[i]!, begin: 0, length: blockBytes });
    expect(sorted(suggested(peer))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('names another one when somebody else has brought one', () => {
    const lab = seedOf(3);
    const [peer, other] = crowd(lab, 2) as [ScriptedPeer, ScriptedPeer];
    expect([suggested(peer).length, suggested(other).length]).toEqual([2, 1]);
    const [bringer] = crowd(lab, 1) as [ScriptedPeer];
    bringer.say({ type: 'have', index: suggested(peer)[0]! });
    peer.hangUp();
    lab.pass(500);
    expect(sorted(suggested(other))).toEqual(sorted([...suggested(other).slice(0, 1), suggested(peer)[1]!]));
  });

  it('names nothing that somebody has already', () => {
    const lab = seedOf(8);
    lab.join({ has: [0, 1, 2, 3, 4, 5] });
    const [peer] = crowd(lab, 1) as [ScriptedPeer];
    expect(sorted(suggested(peer))).toEqual([6, 7]);
  });

  it('names what one left untaken to the others', () => {
    const [first, second] = crowd(seedOf(4), 2) as [ScriptedPeer, ScriptedPeer];
    first.hangUp();
    for (const index of suggested(second))
      second.say({ type: 'request', index, begin: 0, length: blockBytes });
    expect(sorted(suggested(second))).toEqual([0, 1, 2, 3]);
  });

  it('names nothing to whoever it does not serve, nor to whoever does not speak BEP 6', () => {
    const [, waiting] = crowd(seedOf(8, { uploadSlotsMax: 1 }), 2) as [ScriptedPeer, ScriptedPeer];
    const [plain] = crowd(seedOf(8), 1, false) as [ScriptedPeer];
    expect(suggested(waiting)).toEqual([]);
    expect(suggested(plain)).toEqual([]);
  });
});

describe('who keeps what it is given', () => {
  it('is not relied on: others are asked to take the same', () => {
    const lab = seedOf(3, { spreadTimeoutMs: 20_000 });
    const [miser, other] = crowd(lab, 2) as [ScriptedPeer, ScriptedPeer];
    const kept = suggested(miser)[0]!;
    miser.say({ type: 'have', index: kept });
    for (const index of [...suggested(other), ...suggested(miser)])
      other.say({ type: 'request', index, begin: 0, length: blockBytes });
    expect(suggested(other)).not.toContain(kept);
    lab.pass(25_000, 500);
    expect(suggested(other)).toContain(kept);
  });

  it('is served after those who pass it on', () => {
    const lab = seedOf(64, { uploadSlotsMax: 2, trialMs: 1_000 });
    const peers = crowd(lab, 6);
    const served = (peer: ScriptedPeer) => peer.heardOf('unchoke').length > peer.heardOf('choke').length;
    const giver = peers.find(served)!;
    for (let index = 0; index < 20; index++) {
      giver.say({ type: 'have', index });
      for (const peer of peers) if (peer !== giver) peer.say({ type: 'have', index });
      lab.pass(10_000, 500);
      for (const peer of peers) peer.say({ type: 'keep-alive' });
      expect(served(giver)).toBe(true);
    }
    // Now it is another one whose pieces go round.
    const next = peers.find((peer) => peer !== giver)!;
    const seen = new Set<boolean>();
    for (let index = 20; index < 50; index++) {
      next.say({ type: 'have', index });
      for (const peer of peers) if (peer !== next) peer.say({ type: 'have', index });
      lab.pass(10_000, 500);
      for (const peer of peers) peer.say({ type: 'keep-alive' });
      seen.add(served(giver));
    }
    expect(seen.has(false)).toBe(true);
    expect(served(next)).toBe(true);
  });
});

describe('what a seed remembers of the pieces it gives first grows with no number of', () => {
  /** Entries of all tables of the part, those only it can see as well. */
  const remembered = (lab: EngineLab) => {
    const { tables } = reachableFrom(lab.engine, 'Engine', () => false);
    return [...tables].reduce((sum, [name, size]) => sum + (name.startsWith('FirstCopies.') ? size : 0), 0);
  };
  const growth = (lab: EngineLab, rounds: number, round: () => void) => {
    round();
    const before = remembered(lab);
    for (let i = 0; i < rounds; i++) round();
    return remembered(lab) - before;
  };

  it('times that a peer is interested and then is not', () => {
    const lab = seedOf(8);
    const [peer] = crowd(lab, 1) as [ScriptedPeer];
    const changeMind = () => {
      peer.say({ type: 'not-interested' }, { type: 'interested' });
      lab.pass(250);
    };
    expect(growth(lab, 100, changeMind)).toBeLessThanOrEqual(0);
    expect(suggested(peer).length).toBeGreaterThan(100);
  });

  it('peers that come, are served and go', () => {
    const lab = seedOf(8);
    const visit = () => {
      const [peer] = crowd(lab, 1) as [ScriptedPeer];
      peer.hangUp();
      lab.pass(1_000);
    };
    expect(growth(lab, 50, visit)).toBeLessThanOrEqual(0);
  });

  it('peers that keep what they have and go, while no other is served', () => {
    const lab = seedOf(8, { spreadTimeoutMs: 1_000 });
    crowd(lab, 1)[0]!.hangUp();
    const keep = () => {
      const miser = lab.join({ has: 'none' });
      for (let index = 0; index < 7; index++) miser.say({ type: 'have', index });
      lab.pass(2_000);
      miser.hangUp();
      lab.pass(250);
    };
    expect(growth(lab, 20, keep)).toBeLessThanOrEqual(0);
  });
});

it('a peer that lacks pieces itself suggests nothing', () => {
  const lab = new EngineLab({ has: (i) => i < 4 });
  expect(crowd(lab, 2).flatMap(suggested)).toEqual([]);
});

it('a seed is told what has arrived, though it has it: it plans by it', () => {
  const lab = new EngineLab({ pieceCount: 3, blocksPerPiece: 1 });
  const seed = lab.join();
  seed.serve();
  while (lab.stores.length > 0) lab.store();
  expect(seed.heardOf('have').length).toBeGreaterThan(0);
});

describe('what a peer suggests', () => {
  it('is begun first', () => {
    const lab = new EngineLab({ pieceCount: 50, blocksPerPiece: 1 });
    const seed = lab.join({ chokes: true });
    seed.say({ type: 'suggest', index: 33 }, { type: 'suggest', index: 7 }, { type: 'unchoke' });
    expect(seed.owed[0]!.index).toBe(33);
    seed.serve(1);
    lab.store();
    expect(seed.owed[0]!.index).toBe(7);
  });

  it('is not, when it is here already, or the peer has it not', () => {
    const lab = new EngineLab({ pieceCount: 3, blocksPerPiece: 1, has: (i) => i === 0 });
    const peer = lab.join({ has: [0, 2], chokes: true });
    peer.say({ type: 'suggest', index: 0 }, { type: 'suggest', index: 1 }, { type: 'unchoke' });
    expect(peer.owed.map(({ index }) => index)).toEqual([2]);
  });

  it('does not go before what the user wants more', () => {
    const lab = new EngineLab({ pieceCount: 4, blocksPerPiece: 1 });
    lab.tell({ type: 'pieces-selected', torrent: 1, priorities: Uint8Array.from([4, 4, 7, 4]) });
    const seed = lab.join({ chokes: true });
    seed.say({ type: 'suggest', index: 3 }, { type: 'unchoke' });
    expect(seed.owed[0]!.index).toBe(2);
  });

  it('is kept within bounds, and refused when it is no piece', () => {
    const lab = new EngineLab({ pieceCount: 4 });
    const flood = lab.join({ chokes: true });
    for (let i = 0; i < 5_000; i++) flood.say({ type: 'suggest', index: i % 4 });
    expect(flood.closed).toBeUndefined();
    flood.say({ type: 'suggest', index: 4 });
    expect(flood.closed).toBe('piece-out-of-range');
  });

  it('is a word of BEP 6 alone', () => {
    const lab = new EngineLab({ pieceCount: 4 });
    const plain = lab.join({ fast: false });
    plain.say({ type: 'suggest', index: 1 });
    expect(plain.closed).toBe('fast-without-handshake');
  });
});

describe('slots', () => {
  const served = (peers: readonly ScriptedPeer[]) =>
    peers.filter((peer) => peer.heardOf('unchoke').length > peer.heardOf('choke').length).length;
  const limits = { connectionsPerHostMax: 50 };

  it('are four on a line that carries little, and those that nobody uses are lent to others, eight at most', () => {
    const lab = new EngineLab({ has: 'all', limits });
    const peers = crowd(lab, 12);
    expect(served(peers)).toBe(4);
    // What was said has left: only what they want of us counts.
    for (const { connection, bytesHeard: bytes } of peers) lab.tell({ type: 'flushed', connection, bytes });
    lab.pass(1_500, 500);
    expect(served(peers)).toBe(4);
    lab.pass(2_000, 500);
    expect(served(peers)).toBe(8);
  });

  it('are not lent while they are used', () => {
    const lab = new EngineLab({ has: 'all', limits });
    const peers = crowd(lab, 12);
    for (let i = 0; i < 4; i++) peers[i]!.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
    lab.pass(6_000, 500);
    expect(served(peers)).toBe(4);
  });

  it('become more as the line shows what it carries', () => {
    const lab = new EngineLab({ has: 'all', pieceCount: 400, limits });
    const peers = crowd(lab, 12);
    for (let round = 0; round < 16; round++) {
      for (let i = 0; i < 4; i++) {
        for (let n = 0; n < 16; n++)
          peers[i]!.say({ type: 'request', index: round * 16 + n, begin: 0, length: blockBytes });
      }
      lab.answerReads();
      for (const { connection } of peers) lab.tell({ type: 'flushed', connection, bytes: 16 * blockBytes });
      lab.pass(500, 500);
    }
    expect(served(peers)).toBe(8);
  });
});
