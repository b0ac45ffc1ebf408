/**
 * Limits what is in use at once, in total and per key: bytes of request bodies, open streams. The cost is
 * released when the response finishes or its connection closes.
 */
import type { ServerResponse } from 'node:http';

export interface BudgetLimits {
  readonly perKeyMax: number;
  readonly allMax: number;
}

/**
 * False, with nothing taken, if a limit would be exceeded. For a response that has already ended it takes
 * nothing and returns true.
 */
export type TakeBudget = (key: string, cost: number, until: ServerResponse) => boolean;

export function openBudget({ perKeyMax, allMax }: BudgetLimits): TakeBudget {
  const perKey = new Map<string, number>();
  let all = 0;
  return (key, cost, until) => {
    const taken = perKey.get(key) ?? 0;
    if (taken + cost > perKeyMax || all + cost > allMax) return false;
    if (until.destroyed || until.writableFinished) return true;
    perKey.set(key, taken + cost);
    all += cost;
    let isHeld = true;
    const giveBack = () => {
      if (!isHeld) return;
      isHeld = false;
      all -= cost;
      const left = (perKey.get(key) ?? 0) - cost;
      if (left > 0) perKey.set(key, left);
      else perKey.delete(key);
    };
    until.once('close', giveBack);
    until.once('finish', giveBack);
    return true;
  };
}
