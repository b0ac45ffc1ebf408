/**
 * Production sessions in simulated worlds: the users' commands are carried out, and no kill, power cut or
 * full disk loses a list.
 */
import { expect, it } from 'vitest';
import { runSession } from './run-session.ts';

it('a session run of the same seed gives the same result', async () => {
  for (const seed of [1, 2, 3]) expect(await runSession(seed)).toEqual(await runSession(seed));
});

it('sessions of 50 seeds keep every rule', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { failure } = await runSession(seed);
    expect(failure, `seed ${seed}`).toBeUndefined();
  }
}, 60_000);
