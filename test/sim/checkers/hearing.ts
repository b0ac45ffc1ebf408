/**
 * Selects the checkers for a turn by what happened in it. Half of all turns are ticks without actions and
 * failed dials, which most checkers need not see.
 */
import type { Action, Fact, Report } from '../../../client/engine/contract.ts';
import type { Checker, Happening } from './checker.ts';

export type QuickChecker = Checker & Required<Pick<Checker, 'onTurn'>>;

/** One bit each. */
const ofAction: Readonly<Record<Action['type'], number>> = {
  dial: 1 << 0,
  send: 1 << 1,
  'send-block': 1 << 2,
  close: 1 << 3,
  'read-block': 1 << 4,
  'store-piece': 1 << 5,
  'check-metadata': 1 << 6,
  announce: 1 << 7,
  report: 1 << 8,
};
const ofReport: Readonly<Record<Report['type'], number>> = {
  'piece-stored': 1 << 9,
  'piece-failed': 1 << 10,
  'peer-connected': 1 << 11,
  'dial-failed': 1 << 12,
  'peer-dropped': 1 << 13,
  completed: 1 << 14,
  'metadata-received': 1 << 15,
  stopped: 1 << 16,
  'disk-trouble': 1 << 17,
  'pieces-lost': 1 << 18,
  'content-offline': 1 << 19,
  'content-online': 1 << 20,
  'tracker-answered': 1 << 21,
  'tracker-failed': 1 << 22,
};

export class Hearing {
  readonly #checkers: readonly QuickChecker[];
  /** By the fact's type and the bits of its actions. Some hundred combinations occur. */
  readonly #known = new Map<Fact['type'], Map<number, readonly QuickChecker[]>>();

  constructor(checkers: readonly Checker[]) {
    this.#checkers = checkers.filter((checker): checker is QuickChecker => checker.onTurn !== undefined);
  }

  /** The checkers for this turn, in their order. */
  of(fact: Fact, actions: readonly Action[]): readonly QuickChecker[] {
    let done = 0;
    for (const action of actions)
      done |= ofAction[action.type] | (action.type === 'report' ? ofReport[action.report.type] : 0);
    let known = this.#known.get(fact.type);
    if (known === undefined) this.#known.set(fact.type, (known = new Map()));
    let checkers = known.get(done);
    if (checkers === undefined)
      known.set(done, (checkers = this.#checkers.filter(({ hears }) => isHeard(hears, fact.type, done))));
    return checkers;
  }
}

function isHeard(hears: Checker['hears'], fact: Fact['type'], done: number): boolean {
  if (hears === undefined) return true;
  return hears.some((what) => what === fact || (bitOf(what) & done) !== 0);
}

function bitOf(what: Happening): number {
  const isReport = what.startsWith('report ');
  const bits: Readonly<Record<string, number>> = isReport ? ofReport : ofAction;
  return bits[isReport ? what.slice('report '.length) : what] ?? 0;
}
