/** Deliberate bugs in lost pieces and torrents that go offline. */
import { engine, type Mutant } from './mutant.ts';

export const content: readonly Mutant[] = [
  {
    name: 'lost pieces are ignored',
    file: engine('engine'),
    from: '?.troubles.onLost(fact.pieces, fact.trouble, nowMs);',
    to: '?.server.readCount as never;',
  },
  {
    name: 'lost pieces do not count as left',
    file: engine('pieces/piece-ledger'),
    from: '    this.haveBytes -= this.dataBytes(pieceIndex);\n',
    to: '',
  },
  {
    name: 'lost pieces are not fetched again',
    file: engine('swarm/disk-troubles'),
    from: '      picker.restore(pieceIndex);\n',
    to: '',
  },
  {
    name: 'peers misled by an old have stay connected',
    file: engine('swarm/lost-pieces'),
    from: 'if (loss > toldAt && !session.pieces.has(pieceIndex)) return true;',
    to: 'if (loss > toldAt && session.gone) return true;',
  },
  {
    name: 'a torrent stays offline after its files return',
    file: engine('engine'),
    from: '?.troubles.comeOnline(nowMs);',
    to: '?.server.readCount as never;',
  },
];
