/**
 * Checks the message allowance of a peer: a burst at once, a rate per second, and a few messages for each
 * useful exchange, but never more than a burst in total.
 */
import { MessageAllowance } from '../../../client/engine/connection/message-allowance.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';

const stretches = 12;

export function judgeAllowance(random: Prng): string | undefined {
  const burst = 10 + random.below(100);
  const [perSecond, perTrade, blind] = [1 + random.below(20), 2 + random.below(4), random.below(5)];
  const limits = {
    ...{ ...defaultLimits, messagesBurst: burst, messagesPerSecond: perSecond },
    ...{ messagesPerTrade: perTrade, blindHavesMax: blind },
  };
  const startMs = random.below(1_000_000);
  const allowance = new MessageAllowance(limits, startMs);
  for (let n = 0; n < blind; n++)
    if (!allowance.spendBlindHave(startMs))
      return 'lets a peer tell of too few pieces of a torrent that is only a hash here';
  // The allowance is full: an exchange adds nothing.
  for (let n = random.below(4); n > 0; n--) allowance.earn();
  let left = burst;
  let seconds = 0;
  for (let n = 0, atMs = 0; n < stretches; n++) {
    atMs += 1 + random.below(random.below(6) === 0 ? 60_000 : 1_500);
    if (random.below(3) === 0) {
      allowance.earn();
      left = Math.min(burst, left + perTrade);
    }
    // The clock is not read while messages are left.
    const words = random.below(4) === 0 ? Math.floor(left / 2) : left;
    if (words > 0 && !allowance.spend(words, startMs + atMs))
      return `ends at ${words} words, and ${left} are left`;
    left -= words;
    const earned = perSecond * (Math.floor(atMs / 1_000) - seconds);
    const due = Math.min(burst, earned);
    if (left > 0 || due === 0) continue;
    if (!allowance.spend(due, startMs + atMs)) return `ends at ${due} words, which the time has earned`;
    left = Math.min(burst, earned - due);
    seconds = Math.floor(atMs / 1_000);
    if (random.below(8) === 0) {
      const more = left + 1 + random.below(2 * perTrade);
      if (left === 0 && allowance.spendBlindHave(startMs + atMs))
        return 'lets a peer tell of too many pieces';
      return allowance.spend(more, startMs + atMs) ? `lets a peer say ${more} words of ${left}` : undefined;
    }
  }
  return undefined;
}
