import { expect, it } from 'vitest';
import { openTurns } from '../../tracker/community/turns.ts';

/** Work that is done when the test says so. */
function job() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let started = false;
  const work = () => {
    started = true;
    return promise;
  };
  return { work, resolve, reject, hasStarted: () => started };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('so many run, so many wait in line, and the rest is sent away without being done', async () => {
  const takeTurn = openTurns({ runningMax: 2, waitingMax: 2 });
  const jobs = Array.from({ length: 5 }, job);
  const turns = jobs.map(({ work }) => takeTurn(work));
  const started = () => jobs.map(({ hasStarted }) => hasStarted());
  await settled();
  expect(started()).toEqual([true, true, false, false, false]);
  expect(await turns[4]).toBeUndefined();
  jobs[1]!.resolve('done');
  expect(await turns[1]).toEqual({ result: 'done' });
  await settled();
  expect(started()).toEqual([true, true, true, false, false]);
});

it('work that fails gives its place back', async () => {
  const takeTurn = openTurns({ runningMax: 1, waitingMax: 0 });
  for (let i = 0; i < 3; i++) {
    await expect(takeTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  }
  expect(await takeTurn(() => Promise.resolve('yes'))).toEqual({ result: 'yes' });
});

it('a place that was handed over is still taken', async () => {
  const takeTurn = openTurns({ runningMax: 1, waitingMax: 1 });
  const [first, second, third] = [job(), job(), job()];
  const turns = [takeTurn(first.work), takeTurn(second.work)];
  first.resolve('');
  await turns[0];
  const last = takeTurn(third.work);
  await settled();
  expect(third.hasStarted()).toBe(false);
  second.resolve('');
  third.resolve('last');
  expect(await last).toEqual({ result: 'last' });
});
