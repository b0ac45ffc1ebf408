/**
 * The tests that run beside a swarm, in none of its time, agree with their models: announces and accounts at
 * trackers of their own, invalid bytes, and every message of the wire protocol (test/sim/tracker,
 * hostile-bytes, wire-talk).
 */
import type { Checker } from './checker.ts';

export function playsAgree(): Checker {
  return {
    name: 'plays-agree',
    onTurn({ world }) {
      for (const { name, disbelief } of world.besides) {
        if (disbelief !== undefined) return `${name}: ${disbelief}`;
      }
      return undefined;
    },
  };
}
