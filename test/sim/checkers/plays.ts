/**
 * What is played beside a swarm, and in no time of it, agrees with its models: announces and accounts at trackers of their own,
 * what strangers send, and everything that can be said on a connection (test/sim/tracker, hostile-bytes, wire-talk).
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
