/**
 * The upload rate limit holds: the allowance for a block that is read has accumulated before, except for the
 * last block. The allowance is counted in thousandths of a byte, beside the engine's own.
 */
import type { Engine } from '../../../client/engine/engine.ts';
import type { Checker } from './checker.ts';

interface Account {
  thousandths: number;
  countedMs: number;
}

export function uploadsAreEarned(): Checker {
  const accounts = new WeakMap<Engine, Account>();
  return {
    name: 'uploads-are-earned',
    hears: ['read-block'],
    onTurn({ peer, actions, nowMs }) {
      const { uploadBpsMax, engine } = peer;
      if (uploadBpsMax === 0) return undefined;
      const account = accounts.get(engine) ?? { thousandths: 0, countedMs: 0 };
      accounts.set(engine, account);
      // At most a quarter of a second accumulates, and at least one byte, plus a fraction of a byte.
      const most = 1_000 * Math.max(1, Math.floor(uploadBpsMax / 4)) + 999;
      const earned = (nowMs - account.countedMs) * uploadBpsMax;
      account.thousandths = Math.min(most, account.thousandths + earned);
      account.countedMs = nowMs;
      for (const action of actions) {
        if (action.type !== 'read-block') continue;
        if (account.thousandths < 1_000)
          return `reads a block for a peer, and may send ${uploadBpsMax} bytes a second: ${-account.thousandths} thousandths of a byte are owed`;
        account.thousandths -= 1_000 * action.block.bytes;
      }
      return undefined;
    },
  };
}
