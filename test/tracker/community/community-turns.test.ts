import { describe, expect, it } from 'vitest';
import { openTurns } from '../../../tracker/community/sign-in/turns.ts';

/** Work that ends when the test says so. */
function job() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let started = false;
  const work = () => {
    started = true;
    return promise;
  };
  return { work, resolve, reject, hasStarted: () => started };
}

const patient = { waitMsMax: 1, nowMs: () => 0 };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

it('jobs above the limits of running and waiting ones are refused without being started', async () => {
  const takeTurn = openTurns({ runningMax: 2, waitingMax: 2, ...patient });
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

it('a job that fails frees its place', async () => {
  const takeTurn = openTurns({ runningMax: 1, waitingMax: 0, ...patient });
  for (let i = 0; i < 3; i++) {
    await expect(takeTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  }
  expect(await takeTurn(() => Promise.resolve('yes'))).toEqual({ result: 'yes' });
});

it('a place that was handed to a waiting job is still taken', async () => {
  const takeTurn = openTurns({ runningMax: 1, waitingMax: 1, ...patient });
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

describe('a full queue', () => {
  const openLine = () => {
    const clock = { nowMs: 0 };
    const limits = { runningMax: 1, waitingMax: 3, waitMsMax: 10_000, nowMs: () => clock.nowMs };
    const takeTurn = openTurns(limits);
    const [running, ...flood] = Array.from({ length: 4 }, job);
    const turn = takeTurn(running!.work);
    const turns = flood.map(({ work }) => takeTurn(work, 7));
    return { clock, takeTurn, running: running!, turn, flood, turns };
  };

  it('a full queue refuses its last job for one of a lower rank, which runs next', async () => {
    const { takeTurn, running, flood, turns } = openLine();
    const newcomer = job();
    const admitted = takeTurn(newcomer.work, 1);
    expect(await turns[2]).toBeUndefined();
    running.resolve('');
    await settled();
    expect([newcomer.hasStarted(), flood[0]!.hasStarted()]).toEqual([true, false]);
    newcomer.resolve('in');
    expect(await admitted).toEqual({ result: 'in' });
  });

  it('a full queue refuses a job of a higher rank at once', async () => {
    const { takeTurn } = openLine();
    expect(await takeTurn(job().work, 8)).toBeUndefined();
    expect(await takeTurn(job().work, 7)).toBeUndefined();
  });

  it('a queue refuses jobs that waited too long when their turn comes', async () => {
    const { clock, takeTurn, running, flood, turns } = openLine();
    clock.nowMs = 10_001;
    const newcomer = job();
    const admitted = takeTurn(newcomer.work, 1);
    running.resolve('');
    newcomer.resolve('in');
    expect(await admitted).toEqual({ result: 'in' });
    expect(await Promise.all(turns)).toEqual([undefined, undefined, undefined]);
    expect(flood.some(({ hasStarted }) => hasStarted())).toBe(false);
  });
});
