/** Deliberate leaks: a table keeps an entry whose connection has ended. The harm shows only after days. */
import { engine, type Mutant } from './mutant.ts';

export const leaks: readonly Mutant[] = [
  {
    name: 'the torrent of a closed connection is kept',
    file: engine('connections'),
    from: '      this.#swarmOf.delete(session.connection);\n',
    to: '',
  },
  {
    name: 'the count of an empty household is kept',
    file: engine('peers/shared-budget'),
    from: '  if (now === 0) counts.delete(key);',
    to: '  if (now < 0) counts.delete(key);',
  },
];
