/** A thousand peers and a hundred thousand pieces: the work for one block grows with neither. */
import { describe, expect, it } from 'vitest';
import { PeerPieces } from '../../client/engine/connection/peer-pieces.ts';
import { PiecePicker } from '../../client/engine/pieces/piece-picker.ts';
import { Prng } from '../../client/engine/prng.ts';
import { Geometry, type PieceIndex } from '../../torrents/geometry.ts';
import { runEngine } from '../bench/engine.ts';
import { blockBytes, EngineLab } from './engine-lab.ts';

const crowd = { connectionsMax: 2_000, connectionsPerTorrentMax: 2_000, connectionsPerHostMax: 2_000 };

describe('1,000 peers and 100,000 pieces', () => {
  it('a large swarm keeps going, and no block comes twice', { timeout: 120_000 }, () => {
    const { blocks, wastedShare } = runEngine({
      peerCount: 1_000,
      pieceCount: 100_000,
      blocksPerPiece: 4,
      blocksMax: 10_000,
    });
    expect(blocks).toBeGreaterThanOrEqual(10_000);
    expect(wastedShare).toBe(0);
  });

  it('the picker examines one candidate for a seed, for any availability of the pieces', () => {
    const geometry = new Geometry(100_000 * blockBytes, blockBytes);
    const picker = new PiecePicker(geometry, () => true, 0, new Prng(1));
    const random = new Prng(2);
    for (let i = 0; i < 300_000; i++) picker.onHave(random.below(100_000) as PieceIndex);
    let looks = 0;
    const seed = { offers: () => ++looks > 0 };
    for (let i = 0; i < 1_000; i++) picker.remove(picker.pick(seed)!);
    expect(looks).toBe(1_000);
  });

  it('a peer that has nothing for us is searched once, and then only for what is new', () => {
    const lab = new EngineLab({ pieceCount: 20_000, blocksPerPiece: 1, limits: crowd });
    const idle = lab.join({ has: [0] });
    idle.serve();
    while (lab.stores.length > 0) lab.store();
    const busy = lab.join();
    let looks = 0;
    // A search asks a peer whether it has the piece.
    const offers = PeerPieces.prototype.offers;
    PeerPieces.prototype.offers = function (pieceIndex) {
      if (!this.isAll) looks += 1;
      return offers.call(this, pieceIndex);
    };
    try {
      idle.say({ type: 'have', index: 19_999 });
      for (let i = 0; i < 50; i++) {
        busy.serve(1);
        idle.serve();
        while (lab.stores.length > 0) lab.store();
        idle.say({ type: 'keep-alive' });
      }
    } finally {
      PeerPieces.prototype.offers = offers;
    }
    expect(looks).toBeLessThan(20_000 + 50 * 300);
  });

  it('a stored piece writes to each peer at once while they are few, and at the tick when they are many', () => {
    const actionsFor = (peerCount: number) => {
      const lab = new EngineLab({ pieceCount: 50, blocksPerPiece: 1, limits: crowd });
      const others = Array.from({ length: peerCount }, () => lab.join({ has: 'none' }));
      const seed = lab.join();
      let sends = 0;
      for (let i = 0; i < 10; i++) {
        seed.serve(1);
        const { pieceIndex, buffer } = lab.stores.shift()!;
        lab.memory.release(buffer);
        sends += lab
          .tell({ type: 'piece-stored', torrent: 1, pieceIndex })
          .filter((a) => a.type === 'send').length;
      }
      lab.pass(1_000);
      for (const other of others) expect(other.heardOf('have')).toHaveLength(10);
      return sends;
    };
    expect(actionsFor(20)).toBeGreaterThanOrEqual(10 * 20);
    expect(actionsFor(120)).toBeLessThan(10 * 20);
  });
});
