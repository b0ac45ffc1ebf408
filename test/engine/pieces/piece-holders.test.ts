import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PieceHolders, type Seated } from '../../../client/engine/pieces/piece-holders.ts';
import { Geometry, type PieceIndex } from '../../../torrents/geometry.ts';

const pieces = [...new Geometry(7, 1).pieces()];
const holders = (table: PieceHolders<Seated>, piece: PieceIndex) => {
  const found = new Set<Seated>();
  table.each(piece, (holder) => found.add(holder));
  return found;
};

describe('the holders of a piece', () => {
  it('the holders of every piece are known while peers come, leave and return', () => {
    const peers = Array.from({ length: 70 }, (): Seated => ({ seat: -1 }));
    const step = fc.tuple(fc.nat(peers.length - 1), fc.nat(pieces.length - 1), fc.nat(3));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        for (const peer of peers) peer.seat = -1;
        const table = new PieceHolders<Seated>(pieces.length);
        const model = pieces.map(() => new Set<Seated>());
        for (const [who, index, choice] of steps) {
          const peer = peers[who]!;
          if (choice > 0) {
            table.add(peer, pieces[index]!);
            model[index]!.add(peer);
            continue;
          }
          for (const piece of pieces) {
            table.remove(peer, piece);
            model[piece]!.delete(peer);
          }
          table.leave(peer);
        }
        for (const piece of pieces) expect(holders(table, piece)).toEqual(model[piece]);
      }),
    );
  });

  it('the table grows when there are more peers than seats', () => {
    const table = new PieceHolders<Seated>(pieces.length);
    const peers = Array.from({ length: 100 }, (): Seated => ({ seat: -1 }));
    for (const peer of peers) table.add(peer, pieces[3]!);
    expect(holders(table, pieces[3]!)).toEqual(new Set(peers));
    expect(holders(table, pieces[4]!).size).toBe(0);
  });
});
