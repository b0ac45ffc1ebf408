/** A seed uploads every piece once before any twice, and a downloader follows its suggestions. */
import { describe, expect, it } from 'vitest';
import { reachableFrom } from '../../sim/checkers/reachable.ts';
import { blockBytes, EngineLab, type ScriptedPeer } from '../engine-lab.ts';

const suggested = (peer: ScriptedPeer) => peer.heardOf('suggest').map(({ index }) => index);

function crowd(lab: EngineLab, count: number, fast = true): ScriptedPeer[] {
  return Array.from({ length: count }, () => lab.join({ has: 'none', interested: true, fast }));
}

/** Sixteen blocks a piece: one piece is requested at first, and one more is suggested ahead of it. */
const seedOf = (pieceCount: number, limits = {}) =>
  new EngineLab({ has: 'all', pieceCount, blocksPerPiece: 16, limits });
const sorted = (pieces: readonly number[]) => [...pieces].sort((a, b) => a - b);

describe('a seed', () => {
  it('a seed suggests a different piece to each peer that it serves', () => {
    const all = crowd(seedOf(8), 3).flatMap(suggested);
    expect(all.length).toBe(6);
    expect(new Set(all).size).toBe(all.length);
  });

  it('a seed suggests another piece when one is begun, until all are assigned', () => {
    const [peer] = crowd(seedOf(8), 1) as [ScriptedPeer];
    for (let i = 0; i < 8; i++)
      peer.say({ type: 'request', index: suggested(peer)[i]!, begin: 0, length: blockBytes });
    expect(sorted(suggested(peer))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('a seed suggests another piece when the assigned one has come from elsewhere', () => {
    const lab = seedOf(3);
    const [peer, other] = crowd(lab, 2) as [ScriptedPeer, ScriptedPeer];
    expect([suggested(peer).length, suggested(other).length]).toEqual([2, 1]);
    const [bringer] = crowd(lab, 1) as [ScriptedPeer];
    bringer.say({ type: 'have', index: suggested(peer)[0]! });
    peer.hangUp();
    lab.pass(500);
    expect(sorted(suggested(other))).toEqual(sorted([...suggested(other).slice(0, 1), suggested(peer)[1]!]));
  });

  it('a seed suggests no piece that a peer has already', () => {
    const lab = seedOf(8);
    lab.join({ has: [0, 1, 2, 3, 4, 5] });
    const [peer] = crowd(lab, 1) as [ScriptedPeer];
    expect(sorted(suggested(peer))).toEqual([6, 7]);
  });

  it('a piece that one peer did not take is suggested to the others', () => {
    const [first, second] = crowd(seedOf(4), 2) as [ScriptedPeer, ScriptedPeer];
    first.hangUp();
    for (const index of suggested(second))
      second.say({ type: 'request', index, begin: 0, length: blockBytes });
    expect(sorted(suggested(second))).toEqual([0, 1, 2, 3]);
  });

  it('a choked peer, or one without BEP 6, gets no suggestions', () => {
    const [, waiting] = crowd(seedOf(8, { uploadSlotsMax: 1 }), 2) as [ScriptedPeer, ScriptedPeer];
    const [plain] = crowd(seedOf(8), 1, false) as [ScriptedPeer];
    expect(suggested(waiting)).toEqual([]);
    expect(suggested(plain)).toEqual([]);
  });
});

describe('a peer that hoards its pieces', () => {
  it('hoarded pieces are suggested to other peers', () => {
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

  it('a peer that hoards is served after peers that reupload', () => {
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
    // Now another peer's pieces spread.
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

describe('the tables of super-seeding stay bounded', () => {
  /** Entries of all tables of the class, private ones included. */
  const remembered = (lab: EngineLab) => {
    const { tables } = reachableFrom(lab.engine, 'Engine', () => false);
    return [...tables].reduce(
      (sum, [name, size]) => sum + (name.startsWith('InitialSeeding.') ? size : 0),
      0,
    );
  };
  const growth = (lab: EngineLab, rounds: number, round: () => void) => {
    round();
    const before = remembered(lab);
    for (let i = 0; i < rounds; i++) round();
    return remembered(lab) - before;
  };

  it('the tables do not grow when a peer is interested and not interested in turn', () => {
    const lab = seedOf(8);
    const [peer] = crowd(lab, 1) as [ScriptedPeer];
    const changeMind = () => {
      peer.say({ type: 'not-interested' }, { type: 'interested' });
      lab.pass(250);
    };
    expect(growth(lab, 100, changeMind)).toBeLessThanOrEqual(0);
    expect(suggested(peer).length).toBeGreaterThan(100);
  });

  it('the tables do not grow when peers come, are served and leave', () => {
    const lab = seedOf(8);
    const visit = () => {
      const [peer] = crowd(lab, 1) as [ScriptedPeer];
      peer.hangUp();
      lab.pass(1_000);
    };
    expect(growth(lab, 50, visit)).toBeLessThanOrEqual(0);
  });

  it('the tables do not grow when peers hoard and leave while no other is served', () => {
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

it('a seed gets a `have` for each stored piece: its super-seeding needs it', () => {
  const lab = new EngineLab({ pieceCount: 3, blocksPerPiece: 1 });
  const seed = lab.join();
  seed.serve();
  while (lab.stores.length > 0) lab.store();
  expect(seed.heardOf('have').length).toBeGreaterThan(0);
});

describe('a suggested piece', () => {
  it('a suggested piece is begun first', () => {
    const lab = new EngineLab({ pieceCount: 50, blocksPerPiece: 1 });
    const seed = lab.join({ chokes: true });
    seed.say({ type: 'suggest', index: 33 }, { type: 'suggest', index: 7 }, { type: 'unchoke' });
    expect(seed.owed[0]!.index).toBe(33);
    seed.serve(1);
    lab.store();
    expect(seed.owed[0]!.index).toBe(7);
  });

  it('a suggested piece is ignored when it is stored, or the peer lacks it', () => {
    const lab = new EngineLab({ pieceCount: 3, blocksPerPiece: 1, has: (i) => i === 0 });
    const peer = lab.join({ has: [0, 2], chokes: true });
    peer.say({ type: 'suggest', index: 0 }, { type: 'suggest', index: 1 }, { type: 'unchoke' });
    expect(peer.owed.map(({ index }) => index)).toEqual([2]);
  });

  it('a suggested piece does not precede pieces of a higher priority', () => {
    const lab = new EngineLab({ pieceCount: 4, blocksPerPiece: 1 });
    lab.tell({ type: 'pieces-selected', torrent: 1, priorities: Uint8Array.from([4, 4, 7, 4]) });
    const seed = lab.join({ chokes: true });
    seed.say({ type: 'suggest', index: 3 }, { type: 'unchoke' });
    expect(seed.owed[0]!.index).toBe(2);
  });

  it('the number of suggestions is bounded, and one out of range is a violation', () => {
    const lab = new EngineLab({ pieceCount: 4 });
    const flood = lab.join({ chokes: true });
    for (let i = 0; i < 5_000; i++) flood.say({ type: 'suggest', index: i % 4 });
    expect(flood.closed).toBeUndefined();
    flood.say({ type: 'suggest', index: 4 });
    expect(flood.closed).toBe('piece-out-of-range');
  });

  it('a suggestion without BEP 6 is a violation', () => {
    const lab = new EngineLab({ pieceCount: 4 });
    const plain = lab.join({ fast: false });
    plain.say({ type: 'suggest', index: 1 });
    expect(plain.closed).toBe('fast-without-handshake');
  });
});

describe('upload slots', () => {
  const served = (peers: readonly ScriptedPeer[]) =>
    peers.filter((peer) => peer.heardOf('unchoke').length > peer.heardOf('choke').length).length;
  const limits = { connectionsPerHostMax: 50 };

  it('a slow link has four slots, and idle ones are lent to others, up to eight', () => {
    const lab = new EngineLab({ has: 'all', limits });
    const peers = crowd(lab, 12);
    expect(served(peers)).toBe(4);
    // Everything sent is flushed: only the peers' requests count.
    for (const { connection, bytesHeard: bytes } of peers) lab.tell({ type: 'flushed', connection, bytes });
    lab.pass(1_500, 500);
    expect(served(peers)).toBe(4);
    lab.pass(2_000, 500);
    expect(served(peers)).toBe(8);
  });

  it('slots in use are not lent', () => {
    const lab = new EngineLab({ has: 'all', limits });
    const peers = crowd(lab, 12);
    for (let i = 0; i < 4; i++) peers[i]!.say({ type: 'request', index: 0, begin: 0, length: blockBytes });
    lab.pass(6_000, 500);
    expect(served(peers)).toBe(4);
  });

  it('slots are added as the upload rate of the link grows', () => {
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
