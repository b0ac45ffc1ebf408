/** Deliberate bugs in the order in which pieces are started: priorities, deadlines and sequential order. */
import { engine, type Mutant } from './mutant.ts';

export const order: readonly Mutant[] = [
  {
    name: 'pieces of the lowest priority come first',
    file: engine('pieces/piece-picker'),
    from: 'for (let priority = priorityMax; priority > unwanted; priority--) {',
    to: 'for (let priority = 1; priority <= priorityMax; priority++) {',
  },
  {
    name: 'a suggested piece overrides priorities',
    file: engine('pieces/piece-picker'),
    from: 'holder.offers(next) && this.#isTop(next)) return next;',
    to: 'holder.offers(next)) return next;',
  },
  {
    name: 'a returned piece overrides priorities',
    file: engine('pieces/piece-picker'),
    from: 'if (byPriority !== 0) return byPriority > 0 ? other : best;',
    to: 'if (byPriority > 7) return other;',
  },
  {
    name: 'sequential order is ignored',
    file: engine('pieces/piece-picker'),
    from: 'const found = this.sequential ? this.#pickFirst(priority, holder) : this.#pickRarest(order, holder);',
    to: 'const found = this.#pickRarest(order, holder);',
  },
  {
    name: 'the latest deadline comes first',
    file: engine('pieces/deadlines'),
    from: 'this.#waiting.findIndex((other) => this.#atMs.get(other)! > atMs);',
    to: 'this.#waiting.findIndex((other) => this.#atMs.get(other)! < atMs);',
  },
  {
    name: 'deadlines are ignored',
    file: engine('requests/request-scheduler'),
    from: 'if (this.deadlines.waiting.length > 0) room = this.#fillUrgent(source, room, nowMs);\n    if (room === 0) return;',
    to: 'if (room === 0) return;',
  },
];
