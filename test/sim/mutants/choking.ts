/**
 * Deliberate bugs in the choker. Seeds with a lasting shortage of upload slots find them (draw-narrow.ts).
 */
import { engine, type Mutant } from './mutant.ts';

export const choking: readonly Mutant[] = [
  {
    name: 'the choker never runs again',
    file: engine('serving/choker'),
    from: 'if (wanting.length > this.#slots) this.#rechoke(wanting, haveAll);',
    to: 'if (wanting.length > 1e9) this.#rechoke(wanting, haveAll);',
  },
  {
    name: 'the slowest uploaders are unchoked',
    file: engine('serving/choker'),
    from: 'merit(b) - merit(a) || worth(b) - worth(a)',
    to: 'merit(b) - merit(a) || worth(a) - worth(b)',
  },
  {
    name: 'no optimistic unchoke: the next best peer has the slot',
    file: engine('serving/choker'),
    from: '?? this.#draw(ranked.slice(this.#slots - 1));',
    to: '?? ranked[this.#slots - 1];',
  },
  {
    name: 'the optimistic unchoke is drawn once and kept',
    file: engine('serving/choker'),
    from: 'if (rotate) for',
    to: 'if (this.#rounds === 1) for',
  },
  {
    name: 'the fastest uploader has no slot',
    file: engine('serving/choker'),
    from: 'ranked.filter((s) => s !== lucky).slice(0, this.#slots - 1)',
    to: 'ranked.filter((s) => s !== lucky).slice(1, this.#slots)',
  },
  {
    name: 'a leecher unchokes the fastest downloaders',
    file: engine('serving/choker'),
    from: 'haveAll ? s.up.rate : s.down.rate',
    to: 's.up.rate',
  },
];
