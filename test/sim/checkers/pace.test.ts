/** What is done too soon is seen by what was done before, not by what the engine remembers. */
import { expect, it } from 'vitest';
import type { Action } from '../../../client/engine/contract.ts';
import { dialsArePaced } from './dial-pace.ts';
import { midway, woke } from './midway.ts';
import { timersFire } from './timers.ts';

const address = { host: '10.9.9.9', port: 6_881 };
const dial = (connection: number): Action => ({ type: 'dial', connection, address });
const { turn, leech } = midway();

it('an address that did not answer is not dialed again at once', () => {
  const checker = dialsArePaced();
  expect(turn(checker, leech, woke, dial(9_000))).toBeUndefined();
  expect(turn(checker, leech, { type: 'closed', connection: 9_000, reason: 'refused' })).toBeUndefined();
  expect(turn(checker, leech, woke, dial(9_002))).toMatch(/^dials 10\.9\.9\.9:6881 0 ms after/);
});

it('a dial is not given up before its time', () => {
  const checker = timersFire();
  expect(turn(checker, leech, woke, dial(9_000))).toBeUndefined();
  const early = turn(checker, leech, woke, { type: 'close', connection: 9_000, reason: 'dial-timeout' });
  expect(early).toBe('ends connection 9000 after 0 ms: dial-timeout');
});
