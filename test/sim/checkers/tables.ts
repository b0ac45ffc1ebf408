/**
 * No table outgrows what it is about: entries of what has ended are removed, or the client would need a
 * restart after a month. reach.ts covers every table but is too expensive for every inspection. This finds an
 * entry that is one too many only while few blocks are outstanding.
 */
import { type Checker, firstOf, inspectionsOf } from './checker.ts';

export function tablesAreEmptied(): Checker {
  return {
    name: 'tables-are-emptied',
    inspect(peer) {
      const { sessions, tables } = peer.engine.usage;
      let block = 0;
      for (const { ledger } of inspectionsOf(peer))
        for (const piece of ledger.fetchingPieces) block += piece.blockCount - piece.receivedCount;
      const most = { connection: sessions.size, block };
      return firstOf(
        ...tables().map(({ name, size, per }) =>
          size <= most[per] ? undefined : `remembers ${size} ${name}, and ${most[per]} there are`,
        ),
      );
    },
  };
}
