import { expect, it } from 'vitest';
import { sideBySide } from '../../../client/host/disk/side-by-side.ts';

it('each item is processed once, in order, with a limited number at a time', async () => {
  const begun: number[] = [];
  let underWay = 0;
  let most = 0;
  await sideBySide(
    Array.from({ length: 50 }, (_, i) => i),
    3,
    async (i) => {
      begun.push(i);
      most = Math.max(most, ++underWay);
      await new Promise(setImmediate);
      underWay--;
    },
  );
  expect(begun).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(most).toBe(3);
});

it('the first failure is thrown when no item is under way, and no item is begun after it', async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = async (i: number) => {
    begun.push(i);
    await new Promise(setImmediate);
    if (i === 1) throw new Error('one is bad');
    await new Promise(setImmediate);
    ended++;
  };
  await expect(sideBySide([0, 1, 2, 3, 4, 5], 2, work)).rejects.toThrow('one is bad');
  expect(begun.length).toBeLessThan(6);
  expect(ended).toBe(begun.length - 1);
});
