/** Production sessions in simulated worlds: what users wish happens, and no kill, cut or full disk costs them their list. */
import { expect, it } from 'vitest';
import { runSession } from './run-session.ts';

it('one seed is one run', async () => {
  for (const seed of [1, 2, 3]) expect(await runSession(seed)).toEqual(await runSession(seed));
});

it('drawn sessions keep every rule', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const { failure } = await runSession(seed);
    expect(failure, `seed ${seed}`).toBeUndefined();
  }
}, 60_000);
