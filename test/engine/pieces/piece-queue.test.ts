/** A queue in which a piece waits once. */
import { expect, it } from 'vitest';
import { PieceQueue } from '../../../client/engine/pieces/piece-queue.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';

const queueOf = (...pieces: number[]) => new PieceQueue(pieces as PieceIndex[]);
const takeAll = (queue: PieceQueue) => Array.from({ length: queue.size }, () => queue.take());

it('pieces are taken in the order in which they were given', () => {
  expect(takeAll(queueOf(2, 0, 1))).toEqual([2, 0, 1]);
});

it('a piece that is added again comes after all waiting pieces', () => {
  const queue = queueOf(2, 0, 1);
  for (let round = 0; round < 100; round++) queue.add(queue.take()!);
  // A hundred turns of three: one more than a whole number of rounds.
  expect(takeAll(queue)).toEqual([0, 1, 2]);
});

it('a waiting piece that is added again keeps its place and is taken once', () => {
  const queue = queueOf(2, 0, 1);
  for (let round = 0; round < 100; round++) queue.add(0 as PieceIndex);
  expect(queue.size).toBe(3);
  expect(takeAll(queue)).toEqual([2, 0, 1]);
});

it('an empty queue gives nothing and accepts pieces again', () => {
  const queue = queueOf(1, 0);
  takeAll(queue);
  expect([queue.size, queue.take()]).toEqual([0, undefined]);
  queue.add(0 as PieceIndex);
  expect(takeAll(queue)).toEqual([0]);
});
