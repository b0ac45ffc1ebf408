/** What has ended and is in some table all the same: nothing goes wrong by it for days. */
import { engine, type Mutant } from './mutant.ts';

export const leaks: readonly Mutant[] = [
  {
    name: 'remember of which torrent every connection was',
    file: engine('connections'),
    from: '      this.#swarmOf.delete(session.connection);\n',
    to: '',
  },
  {
    name: 'keep the count of a household that has no seat left',
    file: engine('peers/shared-budget'),
    from: '  if (now === 0) counts.delete(key);',
    to: '  if (now < 0) counts.delete(key);',
  },
];
