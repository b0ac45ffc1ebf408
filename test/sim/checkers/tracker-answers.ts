/**
 * What trackers answer is what their models do (test/sim/tracker/registry-model.ts): nobody is told of itself, of peers
 * that are not listed, or of fewer than there are; and every number is right.
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
