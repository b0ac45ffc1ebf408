/**
 * Deliberate bugs in whom we serve, and for how long: found where upload slots are short for many rounds (draw-narrow.ts).
 */
import { engine, type Mutant } from './mutant.ts';

export const choking: readonly Mutant[] = [
  {
    name: 'never look again whom we serve',
    file: engine('serving/choker'),
    from: 'if (wanting.length > this.#slots) this.#rechoke(wanting, haveAll);',
    to: 'if (wanting.length > 1e9) this.#rechoke(wanting, haveAll);',
  },
  {
    name: 'serve the peers that give least',
    file: engine('serving/choker'),
    from: 'merit(b) - merit(a) || worth(b) - worth(a)',
    to: 'merit(b) - merit(a) || worth(a) - worth(b)',
  },
  {
    name: 'no optimistic slot: the next best peer has it',
    file: engine('serving/choker'),
    from: '?? this.#draw(ranked.slice(this.#slots - 1));',
    to: '?? ranked[this.#slots - 1];',
  },
  {
    name: 'the optimistic slot is drawn once and kept',
    file: engine('serving/choker'),
    from: 'if (rotate) for',
    to: 'if (this.#rounds === 1) for',
  },
  {
    name: 'the peer that gives most has no slot',
    file: engine('serving/choker'),
    from: 'ranked.filter((s) => s !== lucky).slice(0, this.#slots - 1)',
    to: 'ranked.filter((s) => s !== lucky).slice(1, this.#slots)',
  },
  {
    name: 'serve the peers that take most while we fetch',
    file: engine('serving/choker'),
    from: 'haveAll ? s.up.rate : s.down.rate',
    to: 's.up.rate',
  },
];
