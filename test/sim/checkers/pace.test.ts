/**
 * An action that comes too early is reported from the history of facts and actions, not from the engine's
 * state.
 */
import { expect, it } from 'vitest';
import type { Action } from '../../../client/engine/contract.ts';
import { dialsArePaced } from './dial-pace.ts';
import { midway, woke } from './midway.ts';
import { timersFire } from './timers.ts';

const address = { host: '10.9.9.9', port: 6_881 };
const dial = (connection: number): Action => ({ type: 'dial', connection, address });
const { turn, leech } = midway();

it('dials-are-paced reports an address that is dialed again at once after it did not answer', () => {
  const checker = dialsArePaced();
  expect(turn(checker, leech, woke, dial(9_000))).toBeUndefined();
  expect(turn(checker, leech, { type: 'closed', connection: 9_000, reason: 'refused' })).toBeUndefined();
  expect(turn(checker, leech, woke, dial(9_002))).toMatch(/^dials 10\.9\.9\.9:6881 0 ms after/);
});

it('timers-fire reports a dial that is given up before its timeout', () => {
  const checker = timersFire();
  expect(turn(checker, leech, woke, dial(9_000))).toBeUndefined();
  const early = turn(checker, leech, woke, { type: 'close', connection: 9_000, reason: 'dial-timeout' });
  expect(early).toBe('ends connection 9000 after 0 ms: dial-timeout');
});
