/**
 * No table outgrows what it is about: what has ended is in none of them. A table that is never emptied is a program that
 * needs a restart after a month. The walk of reach.ts knows every table, and is too dear for every look: an entry that is
 * one too many only while few blocks are on their way is found here.
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
