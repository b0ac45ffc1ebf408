/**
 * Deliberate bugs in the order in which pieces are begun: what the user wants most, what is due, what comes first.
 */
import { engine, type Mutant } from './mutant.ts';

export const order: readonly Mutant[] = [
  {
    name: 'begin what is wanted least',
    file: engine('pieces/piece-picker'),
    from: 'for (let priority = priorityMax; priority > unwanted; priority--) {',
    to: 'for (let priority = 1; priority <= priorityMax; priority++) {',
  },
  {
    name: 'follow a hint although others are wanted more',
    file: engine('pieces/piece-picker'),
    from: 'holder.offers(next) && this.#isTop(next)) return next;',
    to: 'holder.offers(next)) return next;',
  },
  {
    name: 'begin what is new in any priority',
    file: engine('pieces/piece-picker'),
    from: 'if (byPriority !== 0) return byPriority > 0 ? other : best;',
    to: 'if (byPriority > 7) return other;',
  },
  {
    name: 'begin the rarest although the first is asked for',
    file: engine('pieces/piece-picker'),
    from: 'const found = this.sequential ? this.#pickFirst(priority, holder) : this.#pickRarest(order, holder);',
    to: 'const found = this.#pickRarest(order, holder);',
  },
  {
    name: 'begin what is due last',
    file: engine('pieces/deadlines'),
    from: 'this.#waiting.findIndex((other) => this.#atMs.get(other)! > atMs);',
    to: 'this.#waiting.findIndex((other) => this.#atMs.get(other)! < atMs);',
  },
  {
    name: 'ask for what is due after everything else',
    file: engine('requests/request-scheduler'),
    from: 'if (this.deadlines.waiting.length > 0) room = this.#fillUrgent(source, room, nowMs);\n    if (room === 0) return;',
    to: 'if (room === 0) return;',
  },
];
