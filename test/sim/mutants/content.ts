/**
 * Deliberate bugs in what happens to stored pieces: lost, refused, offline.
 */
import { engine, type Mutant } from './mutant.ts';

export const content: readonly Mutant[] = [
  {
    name: 'ignore that pieces are lost',
    file: engine('engine'),
    from: '?.troubles.onLost(fact.pieces, fact.trouble, nowMs);',
    to: '?.server.readCount as never;',
  },
  {
    name: 'leave what is lost out of what is left',
    file: engine('pieces/piece-ledger'),
    from: '    this.haveBytes -= this.dataBytes(pieceIndex);\n',
    to: '',
  },
  {
    name: 'fetch nothing of what is lost',
    file: engine('swarm/disk-troubles'),
    from: '      picker.restore(pieceIndex);\n',
    to: '',
  },
  {
    name: 'keep peers that believe we have what is lost',
    file: engine('swarm/lost-pieces'),
    from: 'if (loss > toldAt && !session.pieces.has(pieceIndex)) return true;',
    to: 'if (loss > toldAt && session.gone) return true;',
  },
  {
    name: 'stay away when the files are back',
    file: engine('engine'),
    from: '?.troubles.comeOnline(nowMs);',
    to: '?.server.readCount as never;',
  },
];
