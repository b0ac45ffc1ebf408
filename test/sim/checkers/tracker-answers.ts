/**
 * Trackers answer as their models do (test/sim/tracker/registry-model.ts): no peer is named to itself, only
 * listed peers are named, as many as there are, and every number is right.
 */
import type { Checker } from './checker.ts';

export function trackersAnswerRight(): Checker {
  return {
    name: 'trackers-answer-right',
    onTurn({ world }) {
      for (const [url, { disbelief }] of world.trackers) {
        if (disbelief !== undefined) return `${url} ${disbelief}`;
      }
      return undefined;
    },
  };
}
