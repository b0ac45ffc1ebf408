/** The queues of a download: pieces to start, peers waiting for memory, and deadlines. */
import type { Context } from '../../../../client/engine/context.ts';
import { Deadlines } from '../../../../client/engine/pieces/deadlines.ts';
import { PieceQueue } from '../../../../client/engine/pieces/piece-queue.ts';
import { shuffle } from '../../../../client/engine/prng.ts';
import type { BlockSource } from '../../../../client/engine/requests/block-source.ts';
import { MemoryQueue } from '../../../../client/engine/requests/memory-queue.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, agreeThat, type SteppedPart } from '../step.ts';

/** The model: an array. */
export const pieceQueue: SteppedPart = {
  name: 'piece-queue',
  begin(random) {
    const meant = Array.from({ length: 1 + random.below(9) }, (_, i) => i as PieceIndex);
    const pieces = meant.length;
    shuffle(meant, random);
    const queue = new PieceQueue(meant);
    let takes = 2;
    return () => {
      if (random.below(10) === 0) takes = random.below(4);
      if (random.below(3) < takes) agree('the first', queue.take(), meant.shift());
      else {
        const pieceIndex = random.below(pieces) as PieceIndex;
        queue.add(pieceIndex);
        if (!meant.includes(pieceIndex)) meant.push(pieceIndex);
      }
      agree('its size', queue.size, meant.length);
    };
  },
};

/** Two torrents share the memory. The model: an array of the waiting peers, and sums. */
export const memoryQueue: SteppedPart = {
  name: 'memory-queue',
  begin(random) {
    const limits = { pieceMemoryBytesMax: 4 + random.below(30) };
    const budget = { pieceBytes: 0, pieceBytesWanted: 0 };
    const context = { budget, limits } as unknown as Context;
    const torrents = Array.from({ length: 2 }, () => {
      const pieceLength = 1 + random.below(12);
      const queue = new MemoryQueue(pieceLength, context);
      return { pieceLength, queue, waiting: [] as BlockSource[], hasAsked: false };
    });
    type Torrent = (typeof torrents)[number];
    const sessions = Array.from({ length: 6 }, (_, connection) => ({ connection }) as BlockSource);
    const underWay: number[] = [];
    const isFree = ({ pieceLength }: Torrent) =>
      budget.pieceBytes === 0 || budget.pieceBytes + pieceLength <= limits.pieceMemoryBytesMax;
    let wanted = 0;
    const demand = (torrent: Torrent) => {
      torrent.hasAsked = true;
      wanted = Math.max(wanted, torrent.pieceLength);
    };
    const withdraw = (torrent: Torrent) => {
      if (torrent.hasAsked && wanted === torrent.pieceLength) wanted = 0;
      torrent.hasAsked = false;
    };
    const ask = (torrent: Torrent, session: BlockSource) => {
      const free = isFree(torrent);
      agree('whether there is memory', torrent.queue.admits(session), free);
      if (free) {
        underWay.push(torrent.pieceLength);
        budget.pieceBytes += torrent.pieceLength;
      } else {
        if (!torrent.waiting.includes(session)) torrent.waiting.push(session);
        demand(torrent);
      }
    };
    /** Of those who wait, one after the other; each begins pieces, or finds that it has none to begin. */
    const filler = (torrent: Torrent) => {
      let isOver = false;
      return {
        fill: (session: BlockSource) => {
          agree('whether one more is let in after one was refused', isOver, false);
          agree('who is the next', session, torrent.waiting.shift());
          for (let pieces = random.below(3); pieces > 0; pieces--) ask(torrent, session);
          isOver = torrent.waiting.includes(session);
        },
        end: () => agreeThat(isOver || torrent.waiting.length === 0, 'a peer waits, and none was refused'),
      };
    };
    return () => {
      const torrent = torrents[random.below(2)]!;
      const session = sessions[random.below(sessions.length)]!;
      const way = random.below(8);
      if (way < 3) ask(torrent, session);
      else if (way === 3) {
        torrent.queue.leave(session);
        torrent.waiting = torrent.waiting.filter((one) => one !== session);
        if (torrent.waiting.length === 0) withdraw(torrent);
      } else if (way < 6) {
        if (underWay.length > 0) budget.pieceBytes -= underWay.splice(random.below(underWay.length), 1)[0]!;
        if (way === 5) return;
        const { fill, end } = filler(torrent);
        torrent.queue.onFreed(fill);
        end();
      } else {
        withdraw(torrent);
        const mayFill = isFree(torrent);
        const { fill, end } = filler(torrent);
        const hasRoom = torrent.queue.tick((one) => {
          agree('whether a peer is let in without memory', mayFill, true);
          fill(one);
        });
        if (mayFill) end();
        if (torrent.waiting.length > 0) demand(torrent);
        const meant = wanted === 0 || budget.pieceBytes + wanted <= limits.pieceMemoryBytesMax;
        agree('whether there is memory for those that wait', hasRoom, meant);
      }
      agree('the longest piece that waits', budget.pieceBytesWanted, wanted);
    };
  },
};

/** The model: the time of each piece, and which pieces have blocks left to request. */
export const deadlines: SteppedPart = {
  name: 'deadlines',
  begin(random) {
    const max = 1 + random.below(5);
    const due = new Deadlines(max);
    const atMs = new Map<PieceIndex, number>();
    const waiting = new Set<PieceIndex>();
    return () => {
      const pieceIndex = random.below(8) as PieceIndex;
      const way = random.below(6);
      if (way < 3) {
        const ms = 10 * random.below(6);
        due.set(pieceIndex, ms);
        atMs.set(pieceIndex, ms);
        waiting.add(pieceIndex);
        if (atMs.size > max) {
          // Of several with the latest deadline, any may be the one.
          const forgotten = [...atMs.keys()].filter((one) => due.atMs(one) === undefined);
          agree('how many are forgotten', forgotten.length, 1);
          agree('when the forgotten one is due', atMs.get(forgotten[0]!), Math.max(...atMs.values()));
          atMs.delete(forgotten[0]!);
          waiting.delete(forgotten[0]!);
        }
      } else if (way === 3) {
        due.clear(pieceIndex);
        atMs.delete(pieceIndex);
        waiting.delete(pieceIndex);
      } else if (way === 4) {
        due.asked(pieceIndex);
        waiting.delete(pieceIndex);
      } else {
        due.wait(pieceIndex);
        if (atMs.has(pieceIndex)) waiting.add(pieceIndex);
      }
      agree('how many are due', due.size, atMs.size);
      for (let one = 0 as PieceIndex; one < 8; one++) agree('when one is due', due.atMs(one), atMs.get(one));
      agreeOnAll('those that are due', [...due.all.keys()].sort(), [...atMs.keys()].sort());
      agreeOnAll('those with blocks left', [...due.waiting].sort(), [...waiting].sort());
      const times = due.waiting.map((one) => atMs.get(one)!);
      agreeOnAll(
        'their times',
        times,
        times.toSorted((a, b) => a - b),
      );
    };
  },
};
