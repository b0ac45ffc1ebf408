/** How rare each piece is, and which peers have it. */
import { PieceHolders } from '../../../../client/engine/pieces/piece-holders.ts';
import { RarityOrder } from '../../../../client/engine/pieces/rarity-order.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, agreeThat, type SteppedPart } from '../step.ts';

/**
 * The model: the set of candidates. They are ordered rarest first, and each stands at its recorded position.
 */
export const rarityOrder: SteppedPart = {
  name: 'rarity-order',
  begin(random) {
    const count = 1 + random.below(9);
    const availability = Uint16Array.from({ length: count }, () => random.below(4));
    const position = new Int32Array(count).fill(-1);
    const all = Array.from({ length: count }, (_, i) => i as PieceIndex);
    const first = all.filter(() => random.below(2) === 0);
    const inside = new Set(first);
    const order = new RarityOrder(first, count, availability, position);
    return () => {
      const pieceIndex = random.below(count) as PieceIndex;
      const many = availability[pieceIndex]!;
      const isInside = inside.has(pieceIndex);
      const way = random.below(4);
      if (way === 0 && !isInside) {
        order.add(pieceIndex, many);
        inside.add(pieceIndex);
      } else if (way === 0) {
        order.remove(pieceIndex, many);
        inside.delete(pieceIndex);
      } else if (way === 1 && many > 0) {
        if (isInside) order.lower(pieceIndex, many);
        availability[pieceIndex] = many - 1;
      } else {
        if (isInside) order.raise(pieceIndex, many);
        availability[pieceIndex] = many + 1;
      }
      agree('how many there are', order.count, inside.size);
      const lie = Array.from({ length: order.count }, (_, at) => order.at(at));
      agreeOnAll('the candidates', lie.toSorted(), [...inside].sort());
      for (const [at, one] of lie.entries()) {
        agree('where one lies', position[one], at);
        const before = availability[lie[at - 1] ?? one]!;
        agreeThat(availability[one]! >= before, 'a rarer piece lies behind others');
      }
    };
  },
};

/** The model: a set of pieces for each peer, and a list of seats. */
export const pieceHolders: SteppedPart = {
  name: 'piece-holders',
  begin(random) {
    const pieceCount = 1 + random.below(5);
    const table = new PieceHolders<Holder>(pieceCount);
    const holders = Array.from({ length: 80 }, () => ({ seat: -1, has: new Set<PieceIndex>() }));
    const seats: (Holder | undefined)[] = [];
    const add = (holder: Holder, pieceIndex: PieceIndex) => {
      table.add(holder, pieceIndex);
      holder.has.add(pieceIndex);
      if (seats.includes(holder)) return;
      const free = seats.indexOf(undefined);
      const seat = free < 0 ? seats.length : free;
      seats[seat] = holder;
      agree('its seat', holder.seat, seat);
    };
    // A row has room for 32 seats, and for 64.
    const crowd = [0, 0, 31, 63][random.below(4)]!;
    for (const holder of holders.slice(0, crowd)) add(holder, random.below(pieceCount) as PieceIndex);
    return () => {
      const pieceIndex = random.below(pieceCount) as PieceIndex;
      const holder =
        holders[Math.max(0, Math.min(79, crowd - 3 + random.below(random.below(4) === 0 ? 80 : 7)))]!;
      const way = random.below(8);
      if (way < 5) add(holder, pieceIndex);
      else if (way < 7) {
        table.remove(holder, pieceIndex);
        holder.has.delete(pieceIndex);
      } else {
        for (const one of holder.has) table.remove(holder, one);
        holder.has.clear();
        table.leave(holder);
        if (seats.includes(holder)) seats[seats.indexOf(holder)] = undefined;
        agree('its seat', holder.seat, -1);
      }
      for (let one = 0 as PieceIndex; one < pieceCount; one++)
        agree('whether it has one', table.has(holder, one), holder.has.has(one));
      const visited: Holder[] = [];
      const asked = random.below(pieceCount) as PieceIndex;
      table.each(asked, (one) => visited.push(one));
      const meant = seats.filter((one) => one?.has.has(asked));
      agree('how many have one', visited.length, meant.length);
      agreeThat(
        visited.every((one, at) => one === meant[at]),
        'others are said to have one',
      );
    };
  },
};

interface Holder {
  seat: number;
  readonly has: Set<PieceIndex>;
}
